"""Leads (线索): what the police are told about a number or a ring, and the record of every time they were told.

`simkyc.leads.making` makes a package of what was found, `simkyc.leads.ledger.Leads` hands it on and keeps the record,
`simkyc.leads.files.verify` says whether a package is as it was handed on. `docs/leads.md` tells what stands in one.
"""
