"""Numbers on documents, cards and devices: one module a number, the same four verbs in each.

    compact(number)   one spelling per number; judges nothing but the characters
    validate(number)  the compact form, or NumberError with a `cause`
    is_valid(number)  whether validate accepts it
    format(number)    grouped for reading; compact(format(x)) == compact(x)

    module               number                                             check
    resident_id          resident ID, 18 and 15 characters, permits 81-83   date, MOD 11-2
    permanent_residence  foreigner's permanent-residence card               date, MOD 11-2 (2023 card)
    travel_permit        mainland travel permits, Hong Kong/Macao/Taiwan    shape
    passport             passport of any state                              shape
    military_id          officers, soldiers and armed police                 shape
    mrz                  machine-readable zone TD3, TD1                     7-3-1, dates
    credit_code          unified social credit code of an organisation      modulo 31
    division             division code, and how far two of them agree       none: advice
    msisdn               line, E.164, IoT numbers of 13 digits              number ranges
    iccid                SIM card or profile                                Luhn where it applies
    imsi                 subscription                                       country code
    imei                 device, IMEI and IMEISV                            Luhn (IMEI), placeholders
    eid                  eSIM chip                                          modulo 97, placeholders

    documents            which of them serves which kind of document
    text                 which characters count, for all of them
    operators            the operators' names, for comparing ICCID, IMSI and MSISDN
    agreement            whether ICCID, IMSI and MSISDN name one operator, and two IMEIs one phone

Each module says which number it is, where its rules come from and how sure that is ([V] read at the source or
tried, [S] seen on secondary pages, [R] general knowledge), and which mistake costs more. Rules marked [S] or
[R] may accept, name or advise; only where one must also refuse does the module say so.

`NumberError.cause` is one of `type`, `length`, `characters`, `shape`, `prefix`, `kind`, `date`, `country`,
`range`, `lines`, `dummy`, `checksum`; its message is advice and never holds any of the number.
"""
