"""Every reason code: the check that gives it, what it means, who reads which words, and its basis.

Codes are append-only: a code that was once published keeps its meaning and is never removed. The policy
says what each one leads to; the words here say it to three readers. A clerk is told what to do, a
customer hears nothing about thresholds, other people or alerts, internal staff read what was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

from simkyc.errors import InputError

__all__ = ["REASONS", "Action", "Audience", "Language", "Reason", "words"]

Language = Literal["zh-CN", "en"]
Audience = Literal["clerk", "customer", "internal"]


class Action(StrEnum):
    """What the clerk does next, as a word that counter software can hang a button on."""

    SET_CLOCK = "set_clock"
    READ_CARD_AGAIN = "read_card_again"
    CORRECT_FORM = "correct_form"
    ASK_FOR_DOCUMENT = "ask_for_document"
    ASK_FOR_GUARDIAN = "ask_for_guardian"
    ASK_FOR_REPRESENTATIVE = "ask_for_representative"
    ASK_FOR_AUTHORISATION = "ask_for_authorisation"
    TAKE_PHOTO_AGAIN = "take_photo_again"
    SCAN_SIM_AGAIN = "scan_sim_again"
    TAKE_ANOTHER_SIM = "take_another_sim"
    SCAN_DEVICE_AGAIN = "scan_device_again"
    HAVE_NOTICE_SIGNED = "have_notice_signed"
    LOOK_AGAIN_LATER = "look_again_later"
    REMIND_SUBSCRIBER = "remind_subscriber"
    VERIFY_SUBSCRIBER = "verify_subscriber"
    RESTRICT_LINE = "restrict_line"
    CALL_SUPERVISOR = "call_supervisor"
    DO_NOT_ISSUE = "do_not_issue"


LINE_CHECK_NAMES = frozenset(
    {
        *("binding", "restriction", "second_check"),
        *("usage_records", "calls", "messages", "places", "usage_devices", "usage_opening", "usage_model"),
        "usage_pattern",
    }
)
"""Checks of lines after issue, where the clerk's words are for the staff who watch them."""


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """The text in that language."""
        return self.zh if language == "zh-CN" else self.en


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason code.

    Attributes:
        code: `check.what`, stable for ever.
        action: What the clerk does when it is flagged.
        label: The question it answers, for lists and for "could not be checked".
        clerk: What the clerk is told when it is flagged.
        customer: What the customer may hear when it is flagged.
        basis: The rule behind it; never empty, because a refusal names its basis.
    """

    code: str
    action: Action
    label: Words
    clerk: Words
    customer: Words
    basis: str

    @property
    def check(self) -> str:
        """Name of the check that gives it."""
        return self.code.split(".")[0]

    @property
    def is_about_a_line(self) -> bool:
        """Whether it is about a line after its card was issued, and nobody stands at a counter."""
        return self.check in LINE_CHECK_NAMES


# What a customer may hear: few sentences, shared, because a precise one would tell a fraudster what failed.
_PHOTO_AGAIN = Words("请再拍一张照片。", "Please let us take another photo.")
_CARD_AGAIN = Words("请让我们再读取一次您的证件。", "Please let us read your card again.")
_FORM_AGAIN = Words("请和我们再核对一次填写的信息。", "Please check the form with us once more.")
_ONE_MOMENT = Words(
    "您的申请需要工作人员进一步核实，请稍候。",
    "A colleague needs to look at your application; one moment, please.",
)
_NOT_TODAY = Words(
    "很抱歉，本次无法为您办理。您可以要求说明理由，也可以申诉。",
    "We are sorry, we cannot do this for you today. You may ask why, and you may appeal.",
)
_BY_RULE = Words(
    "依规定暂不能为您办理。您可以要求说明依据，也可以申诉。",
    "By regulation we cannot do this for you now. You may ask on what basis, and you may appeal.",
)
_OTHER_CARD = Words("我们为您换一张卡。", "We will take another SIM card for you.")
_NEW_DOCUMENT = Words(
    "您的证件不在有效期内，请换领有效证件后再来办理。",
    "Your document is not valid today; please come back with a valid one.",
)
_OTHER_DOCUMENT = Words("请出示其他有效证件。", "Please show another valid document.")
_SIGN = Words(
    "请阅读并签署现行的《安全用卡告知书》。", "Please read and sign the current safe-card-use notice."
)
_CAP = Words(
    "按照规定，目前不能再为您办理新号码。您可以查询名下号码，也可以申诉。",
    "By regulation we cannot open a further number for you now. You may ask which numbers are yours, and appeal.",
)

# What a subscriber is told of a line in use: how to keep or restore it, and nothing of what was seen.
_NOT_FOUND = Words("暂时查不到该号码，请核对号码。", "We cannot find this number now: please check it.")
_USE_IT = Words(
    "您新办的号码尚未使用，请本人尽快启用；请勿出租、出借或出售电话卡。",
    "Your new number has not been used yet: please use it yourself soon. Never rent out, lend or sell a SIM card.",
)
_KEEP_IT = Words(
    "如您的号码近期并非本人使用，请尽快联系我们；请勿出租、出借或出售电话卡。",
    "If it was not you who used your number lately, please tell us. Never rent out, lend or sell a SIM card.",
)
_LATER = Words("您的号码目前无需办理任何手续。", "There is nothing for you to do about your number now.")
_SHOW_YOURSELF = Words(
    "您的号码需要核验。请本人携带有效身份证件和 SIM 卡到任一营业厅办理；如服务受限，核验后即可恢复，如有异议可申诉。",
    "Your line needs to be verified. Please come to any store with your ID document and the SIM card. Where service "
    "is limited, it is restored after verification, and you may appeal.",
)

_REAL_NAME = "Anti-Telecom and Online Fraud Law, art. 9: real-name registration"
_ABNORMAL = "Anti-Telecom and Online Fraud Law, art. 10: enhanced checks or refusal of abnormal openings"
_SUSPENDED = (
    "Anti-Telecom and Online Fraud Law, art. 11: verification of suspicious cards, restriction or suspension"
)
_CARD_CAP = (
    "Anti-Telecom and Online Fraud Law, art. 10: cap on cards; 2016 notice: five numbers at one operator"
)
_AGENT = "Real-name rules: both parties' documents where somebody acts for another; an organisation's handler"
_FACE_RULE = (
    "Face comparison before network entry in shops since 2019-12-01; face recognition rules of 2025-06-01"
)
_NOTICE_RULE = "Anti-Telecom and Online Fraud Law, art. 31: no selling, renting or lending of cards"
_LISTED = (
    "Anti-Telecom and Online Fraud Law, art. 31; joint-punishment rules of 2024-12-01; or as the entry says"
)
_STOCK = "Anti-Telecom and Online Fraud Law, art. 9: the operator answers for cards its agents sell"
_BULK_SIM = (
    "Anti-Telecom and Online Fraud Law, art. 14: no equipment for many SIM cards or for changing numbers"
)
_IOT = "Anti-Telecom and Online Fraud Law, art. 12: IoT cards are limited in function, place and device"
_USE = (
    "Anti-Telecom and Online Fraud Law, art. 11: cards that show abnormal use are verified again, and restricted or "
    "suspended where that fails"
)
_HOUSE = "Policy of the operator"


W, A = Words, Action

_ALL = (
    Reason(
        "counter_clock.differs",
        A.SET_CLOCK,
        W("受理终端时间", "clock of the counter"),
        W("终端时间不准：请校准时间后重新提交。", "The counter's clock is off: set it and submit again."),
        _ONE_MOMENT,
        _HOUSE,
    ),
    # parties
    Reason(
        "parties.document_not_admitted",
        A.ASK_FOR_DOCUMENT,
        W("证件种类", "kind of document"),
        W(
            "此类证件不适用于本业务：请客户出示其他有效证件。",
            "This kind of document does not serve here: ask for another one.",
        ),
        _OTHER_DOCUMENT,
        _REAL_NAME,
    ),
    Reason(
        "parties.too_young",
        A.DO_NOT_ISSUE,
        W("最低年龄", "youngest age"),
        W(
            "申请人未达最低年龄：不能以其名义办理。",
            "The applicant is below the youngest age: do not issue in this name.",
        ),
        _NOT_TODAY,
        _HOUSE,
    ),
    Reason(
        "parties.guardian_missing",
        A.ASK_FOR_GUARDIAN,
        W("监护人到场", "guardian present"),
        W(
            "未成年人须由监护人陪同：请监护人出示证件并一同办理。",
            "A minor needs a guardian: the guardian comes along and shows a document.",
        ),
        _ONE_MOMENT,
        _HOUSE,
    ),
    Reason(
        "parties.guardian_unfit",
        A.CALL_SUPERVISOR,
        W("监护人成年", "guardian of age"),
        W(
            "未成年，不能作监护人：请主管核实监护关系。",
            "The guardian is not of age: the supervisor looks at the relation.",
        ),
        _ONE_MOMENT,
        _HOUSE,
    ),
    Reason(
        "parties.represented",
        A.CALL_SUPERVISOR,
        W("代办", "acting for another"),
        W(
            "代他人办理：请主管核实双方证件与委托。",
            "Somebody acts for the applicant: the supervisor examines both documents and the authorisation.",
        ),
        _ONE_MOMENT,
        _AGENT,
    ),
    Reason(
        "parties.representative_unfit",
        A.DO_NOT_ISSUE,
        W("代办人资格", "fit to represent"),
        W(
            "不能代办：未成年，或就是申请人本人。",
            "Not of age, or the applicant in person: cannot act for another.",
        ),
        _NOT_TODAY,
        _AGENT,
    ),
    Reason(
        "parties.authorisation_missing",
        A.ASK_FOR_AUTHORISATION,
        W("授权书", "letter of authorisation"),
        W("缺少授权委托书：请出示原件。", "The letter of authorisation is missing: ask for the original."),
        _ONE_MOMENT,
        _AGENT,
    ),
    Reason(
        "parties.authorisation_not_valid",
        A.ASK_FOR_AUTHORISATION,
        W("授权书有效期", "validity of the letter"),
        W(
            "授权委托书不在有效期内：请出示有效的授权委托书。",
            "The letter of authorisation is not valid today: ask for one that is.",
        ),
        _ONE_MOMENT,
        _AGENT,
    ),
    Reason(
        "parties.representative_many_people",
        A.CALL_SUPERVISOR,
        W("代办人数", "people acted for"),
        W(
            "该代办人近期已为多人办卡：请主管核实，不要发卡。",
            "This representative acted for many people lately: the supervisor decides, do not issue before.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "parties.handler_missing",
        A.ASK_FOR_REPRESENTATIVE,
        W("单位经办人", "organisation's handler"),
        W(
            "单位办理须登记经办人：请录入经办人证件与授权书。",
            "An organisation needs a handler: enter the handler's document and the letter of authorisation.",
        ),
        _ONE_MOMENT,
        _AGENT,
    ),
    Reason(
        "parties.organisation_code",
        A.CORRECT_FORM,
        W("统一社会信用代码", "unified social credit code"),
        W(
            "统一社会信用代码有误：请对照证照重新录入。",
            "The unified social credit code is wrong: copy it again from the certificate.",
        ),
        _FORM_AGAIN,
        _REAL_NAME,
    ),
    Reason(
        "parties.organisation_expired",
        A.DO_NOT_ISSUE,
        W("单位证照有效期", "validity of the organisation's document"),
        W("单位证照已过有效期：不能办理。", "The organisation's document has expired: do not issue."),
        _NEW_DOCUMENT,
        _REAL_NAME,
    ),
    # document
    Reason(
        "document.number_malformed",
        A.READ_CARD_AGAIN,
        W("证件号码格式", "shape of the document number"),
        W(
            "证件号码格式不对：请重新读取证件。",
            "The document number has the wrong shape: read the card again.",
        ),
        _CARD_AGAIN,
        _REAL_NAME,
    ),
    Reason(
        "document.number_checksum",
        A.READ_CARD_AGAIN,
        W("证件号码校验位", "check digit of the document number"),
        W(
            "证件号码校验位不符：请重新读取证件，不要手工输入。",
            "The document number's check digit is wrong: read the card again, do not type it.",
        ),
        _CARD_AGAIN,
        _REAL_NAME,
    ),
    Reason(
        "document.birth_date_disagrees",
        A.CALL_SUPERVISOR,
        W("证件号码与出生日期", "number against birth date"),
        W(
            "证件号码与芯片中的出生日期不一致：请主管查验证件真伪。",
            "The number and the chip's birth date disagree: the supervisor examines the card.",
        ),
        _ONE_MOMENT,
        _REAL_NAME,
    ),
    Reason(
        "document.sex_disagrees",
        A.CALL_SUPERVISOR,
        W("证件号码与性别", "number against sex"),
        W(
            "证件号码与芯片中的性别不一致：请主管查验证件真伪。",
            "The number and the chip's sex disagree: the supervisor examines the card.",
        ),
        _ONE_MOMENT,
        _REAL_NAME,
    ),
    Reason(
        "document.zone_malformed",
        A.READ_CARD_AGAIN,
        W("机读区", "machine-readable zone"),
        W(
            "机读区无法识别：请重新扫描证件。",
            "The machine-readable zone cannot be read: scan the document again.",
        ),
        _CARD_AGAIN,
        _REAL_NAME,
    ),
    Reason(
        "document.zone_differs",
        A.CALL_SUPERVISOR,
        W("机读区与证面一致", "zone against the fields"),
        W(
            "机读区与证面信息不一致：请主管查验证件真伪。",
            "The machine-readable zone and the fields disagree: the supervisor examines the document.",
        ),
        _ONE_MOMENT,
        _REAL_NAME,
    ),
    Reason(
        "document.read_by_eye",
        A.CALL_SUPERVISOR,
        W("机器可读证件", "document that a machine reads"),
        W(
            "此类证件无法由机器读取：请主管查验证件原件。",
            "No machine reads this kind of document: the supervisor examines the original.",
        ),
        _ONE_MOMENT,
        _REAL_NAME,
    ),
    Reason(
        "document.not_yet_valid",
        A.DO_NOT_ISSUE,
        W("证件生效日期", "start of validity"),
        W("证件尚未生效：不能办理。", "The document is not valid yet: do not issue."),
        _NEW_DOCUMENT,
        _REAL_NAME,
    ),
    Reason(
        "document.expired",
        A.DO_NOT_ISSUE,
        W("证件有效期", "end of validity"),
        W(
            "证件已过有效期：不能办理，请换领证件。",
            "The document has expired: do not issue; the customer renews it.",
        ),
        _NEW_DOCUMENT,
        _REAL_NAME,
    ),
    Reason(
        "document.dates_implausible",
        A.CALL_SUPERVISOR,
        W("证件日期合理性", "plausible dates"),
        W(
            "证件上的日期不合常理：请重新读取，仍如此则由主管查验。",
            "The dates on the document make no sense: read it again; if they stay, the supervisor examines it.",
        ),
        _ONE_MOMENT,
        _REAL_NAME,
    ),
    Reason(
        "document.holder_minor",
        A.CALL_SUPERVISOR,
        W("未成年人", "age of the holder"),
        W(
            "持证人未成年：须由监护人陪同，由主管办理。",
            "The holder is a minor: a guardian must be present and the supervisor decides.",
        ),
        _ONE_MOMENT,
        _HOUSE,
    ),
    # real_name
    Reason(
        "real_name.name_differs",
        A.CORRECT_FORM,
        W("姓名一致", "same name"),
        W(
            "登记姓名与证件不一致：请对照证件改正。",
            "The name on the form is not the card's: correct it from the card.",
        ),
        _FORM_AGAIN,
        _REAL_NAME,
    ),
    Reason(
        "real_name.name_variant",
        A.CALL_SUPERVISOR,
        W("姓名繁简异体", "variant characters of the name"),
        W(
            "登记姓名与证件存在繁简或异体字差异：请主管对照证件确认。",
            "Form and card write the name in variant characters: the supervisor compares with the card.",
        ),
        _ONE_MOMENT,
        _REAL_NAME,
    ),
    Reason(
        "real_name.name_hidden_characters",
        A.CORRECT_FORM,
        W("姓名字符", "characters of the name"),
        W(
            "姓名中含有不可见或非文字字符：请删除后重新输入。",
            "The name holds invisible characters or signs: delete it and type it again.",
        ),
        _FORM_AGAIN,
        _REAL_NAME,
    ),
    Reason(
        "real_name.number_differs",
        A.CORRECT_FORM,
        W("证件号码一致", "same document number"),
        W(
            "登记的证件号码与证件不一致：请对照证件改正。",
            "The document number on the form is not the card's: correct it from the card.",
        ),
        _FORM_AGAIN,
        _REAL_NAME,
    ),
    Reason(
        "real_name.birth_date_differs",
        A.CORRECT_FORM,
        W("出生日期一致", "same birth date"),
        W(
            "登记的出生日期与证件不一致：请改正。",
            "The birth date on the form is not the card's: correct it.",
        ),
        _FORM_AGAIN,
        _REAL_NAME,
    ),
    Reason(
        "real_name.sex_differs",
        A.CORRECT_FORM,
        W("性别一致", "same sex"),
        W("登记的性别与证件不一致：请改正。", "The sex on the form is not the card's: correct it."),
        _FORM_AGAIN,
        _REAL_NAME,
    ),
    Reason(
        "real_name.address_differs",
        A.CORRECT_FORM,
        W("住址一致", "same address"),
        W(
            "登记住址与证件不同：可向客户核对现住址。",
            "The address on the form is not the card's: you may ask where the customer lives.",
        ),
        _FORM_AGAIN,
        _REAL_NAME,
    ),
    # authority
    Reason(
        "authority.differs",
        A.DO_NOT_ISSUE,
        W("权威数据源核验", "comparison with the authority"),
        W(
            "权威数据源核验不一致：不能办理。",
            "The authority says that name and number do not match: do not issue.",
        ),
        _NOT_TODAY,
        _REAL_NAME,
    ),
    Reason(
        "authority.no_record",
        A.CALL_SUPERVISOR,
        W("权威数据源记录", "record at the authority"),
        W(
            "权威数据源无此记录（如户口迁移、军人）：不等于不一致，由主管办理。",
            "The authority has no record (a move, a soldier): this is no mismatch; the supervisor decides.",
        ),
        _ONE_MOMENT,
        _REAL_NAME,
    ),
    # listed
    Reason(
        "listed.person",
        A.DO_NOT_ISSUE,
        W("限制办理名单", "lists of people who are barred"),
        W(
            "依规定暂不能为此人办理：不得发卡，请告知客户可以申诉。",
            "By regulation no number may be opened for this person now: do not issue, and say how to appeal.",
        ),
        _BY_RULE,
        _LISTED,
    ),
    Reason(
        "listed.document_lost",
        A.CALL_SUPERVISOR,
        W("证件挂失名单", "lists of lost documents"),
        W(
            "此证件暂不能用于办理：不得发卡，请主管处理。",
            "This document cannot serve now: do not issue; the supervisor takes over.",
        ),
        _BY_RULE,
        _REAL_NAME,
    ),
    Reason(
        "listed.marked",
        A.CALL_SUPERVISOR,
        W("名单附注", "note on a list"),
        W("请主管处理。", "The supervisor decides."),
        _ONE_MOMENT,
        _HOUSE,
    ),
    # consent
    Reason(
        "consent.not_given",
        A.CALL_SUPERVISOR,
        W("人脸识别同意", "consent to face comparison"),
        W(
            "未同意人脸识别：请主管查验证件并人工办理。",
            "The customer does not consent to face comparison: the supervisor examines the document and decides.",
        ),
        _ONE_MOMENT,
        _FACE_RULE,
    ),
    Reason(
        "consent.guardian_needed",
        A.ASK_FOR_GUARDIAN,
        W("监护人同意", "guardian's consent"),
        W(
            "未成年人的人脸识别须由监护人同意：请监护人到场并签署同意。",
            "For a minor the guardian consents to face comparison: the guardian comes along and signs.",
        ),
        _ONE_MOMENT,
        _FACE_RULE,
    ),
    # photo
    Reason(
        "photo.live_missing",
        A.TAKE_PHOTO_AGAIN,
        W("现场照片", "live photo"),
        W("缺少现场照片：请拍照。", "There is no live photo: take one."),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_unreadable",
        A.TAKE_PHOTO_AGAIN,
        W("现场照片文件", "live photo's file"),
        W("现场照片文件无法读取：请重新拍照。", "The live photo's file cannot be read: take it again."),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_no_face",
        A.TAKE_PHOTO_AGAIN,
        W("现场照片中的人脸", "face in the live photo"),
        W(
            "照片中没有找到人脸：请客户正对镜头，摘下帽子和口罩，重新拍照。",
            "No face is found: the customer faces the camera without hat or mask; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_several_faces",
        A.TAKE_PHOTO_AGAIN,
        W("现场照片中的人数", "number of people in the live photo"),
        W(
            "照片中不止一人：请其他人离开画面，重新拍照。",
            "More than one person is in the photo: the others step out of it; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_companion",
        A.TAKE_PHOTO_AGAIN,
        W("照片背景中的人", "people in the background"),
        W(
            "背景中还有其他人：可以继续，最好请其离开画面。",
            "Somebody stands in the background: go on, better with nobody else in the photo.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_small",
        A.TAKE_PHOTO_AGAIN,
        W("人脸大小", "size of the face"),
        W(
            "人脸太小：请客户靠近镜头，重新拍照。",
            "The face is too small: the customer comes closer; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_at_edge",
        A.TAKE_PHOTO_AGAIN,
        W("人脸在画面内", "face inside the photo"),
        W(
            "人脸超出画面：请客户站到画面中央，稍退后，重新拍照。",
            "The face is cut off: the customer moves to the middle and a little back; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_turned",
        A.TAKE_PHOTO_AGAIN,
        W("头部姿态", "pose of the head"),
        W(
            "头部偏转：请客户正对镜头，目光平视，重新拍照。",
            "The head is turned: the customer looks straight into the camera; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_blurred",
        A.TAKE_PHOTO_AGAIN,
        W("照片清晰度", "sharpness"),
        W(
            "照片模糊：请擦净镜头，客户站稳不动，重新拍照。",
            "The photo is blurred: wipe the lens, the customer holds still; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_dark",
        A.TAKE_PHOTO_AGAIN,
        W("曝光不足", "underexposure"),
        W(
            "照片太暗：请客户面向窗户或灯光，重新拍照。",
            "The photo is too dark: the customer turns to the window or a lamp; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_bright",
        A.TAKE_PHOTO_AGAIN,
        W("曝光过度", "overexposure"),
        W(
            "照片过亮：请避开强光直射，重新拍照。",
            "The photo is too bright: move out of the direct light; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_flat",
        A.TAKE_PHOTO_AGAIN,
        W("画面层次", "contrast of the photo"),
        W(
            "画面灰白，看不清五官：请擦净镜头，避开逆光，重新拍照。",
            "The photo is flat: wipe the lens, no light from behind; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_uneven_light",
        A.TAKE_PHOTO_AGAIN,
        W("面部光线均匀", "even light on the face"),
        W(
            "半边脸处在阴影中：请客户面向光源，重新拍照。",
            "Half of the face is in shadow: the customer turns to the light; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_colour_cast",
        A.TAKE_PHOTO_AGAIN,
        W("肤色自然", "natural colour"),
        W(
            "照片偏色严重：请关闭彩色灯光或检查摄像头设置，重新拍照。",
            "The colours are far off: switch coloured lamps off or check the camera; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_glare",
        A.TAKE_PHOTO_AGAIN,
        W("眼镜反光", "glare at the eyes"),
        W(
            "眼镜反光遮住眼睛：请客户摘下眼镜或略微转头，重新拍照。",
            "Glare hides the eyes: the customer takes off the glasses or moves a little; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.live_compressed",
        A.TAKE_PHOTO_AGAIN,
        W("照片压缩", "compression of the photo"),
        W(
            "照片压缩过度：请提高摄像头画质设置，重新拍照。",
            "The photo is compressed too much: set the camera to a better quality; take it again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.portrait_unreadable",
        A.READ_CARD_AGAIN,
        W("证件照片文件", "ID portrait's file"),
        W("证件照片无法读取：请重新读取证件。", "The card's portrait cannot be read: read the card again."),
        _CARD_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "photo.portrait_no_face",
        A.CALL_SUPERVISOR,
        W("证件照片中的人脸", "face in the ID portrait"),
        W(
            "证件照片中找不到人脸：请主管人工比对。",
            "No face is found in the card's portrait: the supervisor compares by eye.",
        ),
        _ONE_MOMENT,
        _FACE_RULE,
    ),
    # face
    Reason(
        "face.uncertain",
        A.CALL_SUPERVISOR,
        W("人脸比对把握", "certainty of the face comparison"),
        W(
            "系统不能确定是否同一人：请主管对照证件人工辨认。",
            "The system is not sure it is the same person: the supervisor compares customer and card.",
        ),
        _ONE_MOMENT,
        _FACE_RULE,
    ),
    Reason(
        "face.different_person",
        A.DO_NOT_ISSUE,
        W("人证一致", "same person as on the ID"),
        W("人证不一致：不能办理。", "This is not the person on the ID: do not issue."),
        _NOT_TODAY,
        _FACE_RULE,
    ),
    # presentation
    Reason(
        "presentation.frames_differ",
        A.DO_NOT_ISSUE,
        W("连拍为同一人", "same person in every frame"),
        W("连拍照片不是同一人：不能办理。", "The frames show different people: do not issue."),
        _NOT_TODAY,
        _FACE_RULE,
    ),
    Reason(
        "presentation.frame_unusable",
        A.TAKE_PHOTO_AGAIN,
        W("连拍照片可用", "every frame usable"),
        W(
            "连拍中有照片无法使用：请只让客户一人在画面中，重新连拍。",
            "A frame cannot be used: only the customer in the picture; capture again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "presentation.challenge_failed",
        A.TAKE_PHOTO_AGAIN,
        W("动作配合", "movements asked for"),
        W(
            "客户没有完成提示动作：请说明动作，重新连拍。",
            "The customer did not do what was asked: explain the movement and capture again.",
        ),
        _PHOTO_AGAIN,
        _FACE_RULE,
    ),
    Reason(
        "presentation.suspected",
        A.CALL_SUPERVISOR,
        W("翻拍迹象", "signs of a screen or print"),
        W(
            "照片有翻拍迹象：请主管到场，确认镜头前是客户本人。",
            "The photo may show a screen or a print: the supervisor sees that the customer stands at the camera.",
        ),
        _ONE_MOMENT,
        _FACE_RULE,
    ),
    # line
    Reason(
        "line.unknown",
        A.CALL_SUPERVISOR,
        W("号码在网记录", "line on record"),
        W(
            "系统中没有该号码的在网记录：请主管查询业务系统。",
            "No such line is on record here: the supervisor looks it up in the operator's own system.",
        ),
        _ONE_MOMENT,
        _REAL_NAME,
    ),
    Reason(
        "line.held_by_other",
        A.DO_NOT_ISSUE,
        W("号码机主", "holder of the line"),
        W(
            "该号码不在申请人（过户时为转出方）名下：不能办理。",
            "The line is not the applicant's, or at a transfer not the giver's: do not go on.",
        ),
        _NOT_TODAY,
        _REAL_NAME,
    ),
    Reason(
        "line.service_differs",
        A.CORRECT_FORM,
        W("卡种与原号码一致", "same kind of card as before"),
        W(
            "卡种与该号码原来的不符（个人卡、物联网卡不能互换）：请更正后重新提交。",
            "The line is for the other kind of card, personal or IoT: correct that and submit again.",
        ),
        _FORM_AGAIN,
        _IOT,
    ),
    Reason(
        "line.restriction_changed",
        A.CALL_SUPERVISOR,
        W("机卡绑定或区域限制变更", "change of what the IoT card is held to"),
        W(
            "申请改变该物联网卡的绑定设备或限定区域：请主管核实原因。",
            "The IoT card would be held to something else than before: the supervisor asks why.",
        ),
        _ONE_MOMENT,
        _IOT,
    ),
    Reason(
        "line.card_differs",
        A.CALL_SUPERVISOR,
        W("出示的 SIM 卡", "card shown"),
        W(
            "出示的卡或 eSIM 不是该号码当前使用的：请主管核实。",
            "The card or eSIM is not the line's present one: the supervisor examines it.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "line.reported_lost",
        A.CALL_SUPERVISOR,
        W("挂失状态", "reported lost"),
        W(
            "该号码已挂失：请主管核实是否机主本人。",
            "The line was reported lost: the supervisor makes sure that its holder stands here.",
        ),
        _ONE_MOMENT,
        _REAL_NAME,
    ),
    Reason(
        "line.used_for_fraud",
        A.CALL_SUPERVISOR,
        W("号码涉诈记录", "used for fraud before"),
        W(
            "该号码须由主管核实机主后办理。",
            "The supervisor makes sure of this line's holder before anything is done.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "line.suspended_for_fraud",
        A.CALL_SUPERVISOR,
        # Whoever stands at the counter may be the fraudster: not even the clerk is told what it is about.
        W("停机核实", "suspension to be verified"),
        W(
            "该业务须由主管核实机主身份后办理。",
            "The supervisor verifies the holder before this is done.",
        ),
        _ONE_MOMENT,
        _SUSPENDED,
    ),
    Reason(
        "line.cancelled",
        A.DO_NOT_ISSUE,
        W("号码已销户", "line cancelled"),
        W(
            "该号码已销户，不能恢复：客户可另办新号码。",
            "The line was cancelled and cannot be restored: the customer may open a new number.",
        ),
        _NOT_TODAY,
        _REAL_NAME,
    ),
    Reason(
        "line.recent_sim_change",
        A.CALL_SUPERVISOR,
        W("近期换卡", "recent change of the card"),
        W(
            "该号码近期刚换过卡：请主管核实原因。",
            "The line's card was changed lately: the supervisor asks why.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "line.recent_device_change",
        A.CALL_SUPERVISOR,
        W("近期换机", "recent change of the device"),
        W(
            "该号码近期更换过设备：请主管核实是否本人操作。",
            "The line moved to another device lately: the supervisor asks whether its holder did that.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "line.many_replacements",
        A.CALL_SUPERVISOR,
        W("补卡次数", "number of replacements"),
        W(
            "该号码近期多次补卡：请主管核实原因。",
            "The line's card was replaced often lately: the supervisor asks why.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    # device_sim
    Reason(
        "device_sim.iccid_malformed",
        A.SCAN_SIM_AGAIN,
        W("ICCID 格式", "shape of the ICCID"),
        W("卡号（ICCID）有误：请重新扫描 SIM 卡。", "The ICCID is wrong: scan the SIM card again."),
        _ONE_MOMENT,
        _STOCK,
    ),
    Reason(
        "device_sim.imsi_malformed",
        A.SCAN_SIM_AGAIN,
        W("IMSI 格式", "shape of the IMSI"),
        W("IMSI 有误：请重新读取 SIM 卡。", "The IMSI is wrong: read the SIM card again."),
        _ONE_MOMENT,
        _STOCK,
    ),
    Reason(
        "device_sim.msisdn_malformed",
        A.SCAN_SIM_AGAIN,
        W("手机号码格式", "shape of the phone number"),
        W("手机号码有误：请核对所选号码。", "The phone number is wrong: check the number chosen."),
        _ONE_MOMENT,
        _STOCK,
    ),
    Reason(
        "device_sim.imei_malformed",
        A.SCAN_DEVICE_AGAIN,
        W("IMEI 格式", "shape of the IMEI"),
        W(
            "设备 IMEI 有误：请在手机上拨 *#06# 重新读取。",
            "The device's IMEI is wrong: dial *#06# on the phone and read it again.",
        ),
        _ONE_MOMENT,
        _HOUSE,
    ),
    Reason(
        "device_sim.operators_differ",
        A.CALL_SUPERVISOR,
        W("卡号与 IMSI 运营商", "operator of ICCID and IMSI"),
        W(
            "ICCID 与 IMSI 不属于同一运营商：请主管查验此卡。",
            "ICCID and IMSI belong to two operators: the supervisor examines the card.",
        ),
        _ONE_MOMENT,
        _STOCK,
    ),
    Reason(
        "device_sim.number_of_other_operator",
        A.CALL_SUPERVISOR,
        W("号段所属运营商", "operator of the number's range"),
        W(
            "号段原属其他运营商：可能是携号转网。",
            "The number's range was another operator's: it may have been ported.",
        ),
        _ONE_MOMENT,
        _STOCK,
    ),
    Reason(
        "device_sim.sim_not_allocated",
        A.DO_NOT_ISSUE,
        W("SIM 卡归属", "SIM allocated to this store"),
        W(
            "此卡未配发给本店：请先重新扫描核对；确认后不能发放，收回此卡并上报。",
            "This SIM is not allocated to this store: scan it again; if it stays so, keep and report it.",
        ),
        _OTHER_CARD,
        _STOCK,
    ),
    Reason(
        "device_sim.sim_already_issued",
        A.DO_NOT_ISSUE,
        W("SIM 卡状态", "SIM not issued before"),
        W(
            "此卡或所选号码已经发放过：不能再次发放，收回此卡并上报。",
            "This SIM or its number was issued before: do not issue it again; keep the card and report it.",
        ),
        _OTHER_CARD,
        _STOCK,
    ),
    Reason(
        "device_sim.sim_reserved",
        A.TAKE_ANOTHER_SIM,
        W("SIM 卡占用", "SIM free to sell"),
        W(
            "此卡或所选号码正被另一笔申请占用：请换卡换号，或先办结那笔申请。",
            "Another application holds this SIM or its number: take others, or settle that application first.",
        ),
        _OTHER_CARD,
        _STOCK,
    ),
    Reason(
        "device_sim.sim_not_for_sale",
        A.DO_NOT_ISSUE,
        W("SIM 卡库存状态", "SIM in a state to be sold"),
        W(
            "此卡在库存中标记为已退回、遗失或作废：不能发放，收回此卡并上报。",
            "The stock has this SIM as returned, lost or cancelled: do not issue it; keep and report it.",
        ),
        _OTHER_CARD,
        _STOCK,
    ),
    Reason(
        "device_sim.triple_differs",
        A.DO_NOT_ISSUE,
        W("卡号、IMSI 与号码配对", "ICCID, IMSI and number as recorded"),
        W(
            "卡号、IMSI 与手机号码和库存记录不配对：请先重新扫描核对；确认后不能发放，收回此卡并上报。",
            "ICCID, IMSI and number are not recorded together: scan again; if it stays so, keep and report the card.",
        ),
        _OTHER_CARD,
        _STOCK,
    ),
    Reason(
        "device_sim.device_not_declared",
        A.SCAN_DEVICE_AGAIN,
        W("使用设备", "device declared"),
        W("没有登记使用设备：请录入手机 IMEI 后重新提交。", "No device is declared: enter the phone's IMEI."),
        _ONE_MOMENT,
        _HOUSE,
    ),
    Reason(
        "device_sim.device_many_people",
        A.CALL_SUPERVISOR,
        W("设备使用人数", "people seen with this device"),
        W(
            "该设备近期已为多人开卡：请主管核实用途。",
            "Cards were opened for many people on this device: the supervisor asks what for.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    # device
    Reason(
        "device.second_imei_malformed",
        A.SCAN_DEVICE_AGAIN,
        W("第二个 IMEI 格式", "shape of the second IMEI"),
        W(
            "第二个 IMEI 有误：请在手机上拨 *#06# 重新读取。",
            "The second IMEI is wrong: dial *#06# on the phone and read it again.",
        ),
        _ONE_MOMENT,
        _HOUSE,
    ),
    Reason(
        "device.imeis_alike",
        A.SCAN_DEVICE_AGAIN,
        W("两个 IMEI 不同", "two different IMEIs"),
        W(
            "两个 IMEI 相同：请在手机上拨 *#06# 重新读取。",
            "Both IMEIs are the same: dial *#06# on the phone and read them again.",
        ),
        _ONE_MOMENT,
        _HOUSE,
    ),
    Reason(
        "device.imeis_of_two_types",
        A.CALL_SUPERVISOR,
        W("两个 IMEI 型号一致", "one type for both IMEIs"),
        W(
            "两个 IMEI 的型号代码不同：请确认读自同一部手机。",
            "The two IMEIs have different type codes: make sure that both were read from one phone.",
        ),
        _ONE_MOMENT,
        _HOUSE,
    ),
    Reason(
        "device.eid_malformed",
        A.SCAN_DEVICE_AGAIN,
        W("EID 格式", "shape of the EID"),
        W(
            "EID 有误：请在手机设置中重新读取。",
            "The EID is wrong: read it again in the phone's settings.",
        ),
        _ONE_MOMENT,
        _HOUSE,
    ),
    Reason(
        "device.eid_differs",
        A.CALL_SUPERVISOR,
        W("eSIM 与设备 EID", "EID of eSIM and device"),
        W(
            "eSIM 对应的 EID 不是这部设备的：请主管核对。",
            "The eSIM was ordered for another device's chip: the supervisor compares the EIDs.",
        ),
        _ONE_MOMENT,
        _STOCK,
    ),
    Reason(
        "device.stolen",
        A.CALL_SUPERVISOR,
        W("被盗设备名单", "list of stolen devices"),
        W(
            "设备需要进一步核实：请主管处理。",
            "The device needs a closer look: the supervisor decides.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "device.blacklisted",
        A.DO_NOT_ISSUE,
        W("设备黑名单", "blacklist of devices"),
        W(
            "该设备在黑名单上：不能为其办卡。",
            "The device is on the blacklist: do not issue a card for it.",
        ),
        _NOT_TODAY,
        _ABNORMAL,
    ),
    Reason(
        "device.bulk_sim",
        A.DO_NOT_ISSUE,
        W("批量插卡设备", "bulk-SIM equipment"),
        W(
            "该设备不能用于开卡：不能办理。",
            "No card may be issued for this device.",
        ),
        _NOT_TODAY,
        _BULK_SIM,
    ),
    Reason(
        "device.not_a_phone",
        A.CALL_SUPERVISOR,
        W("设备为手机", "device is a phone"),
        W(
            "登记的设备不是手机：请主管核实用途。",
            "The device is no phone: the supervisor asks what for.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "device.many_sims",
        A.CALL_SUPERVISOR,
        W("设备用卡数量", "cards seen with this device"),
        W(
            "该设备近期已登记多张卡：请主管核实用途。",
            "Many cards were declared with this device lately: the supervisor asks what for.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "device.many_openings",
        A.CALL_SUPERVISOR,
        W("设备开卡次数", "openings with this device"),
        W(
            "该设备近期多次办卡：请主管核实用途。",
            "Many applications came with this device lately: the supervisor asks what for.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    # iot
    Reason(
        "iot.number_of_other_service",
        A.CALL_SUPERVISOR,
        W("号码与卡种", "number and kind of card"),
        W(
            "号码与卡种不符：物联网号码只配物联网卡。",
            "The number is not for this kind of card: IoT numbers go with IoT cards.",
        ),
        _ONE_MOMENT,
        _IOT,
    ),
    Reason(
        "iot.not_restricted",
        A.CORRECT_FORM,
        W("机卡绑定或区域限制", "bound to a device or an area"),
        W(
            "物联网卡须绑定设备或限定区域，区域过大不算限定：请补充后重新提交。",
            "An IoT card is bound to a device or held to an area that is not too wide: add that and submit again.",
        ),
        _FORM_AGAIN,
        _IOT,
    ),
    Reason(
        "iot.no_device_to_bind",
        A.SCAN_DEVICE_AGAIN,
        W("绑定的设备", "device to bind"),
        W(
            "要求绑定设备但没有登记设备：请录入 IMEI 后重新提交。",
            "The card is to be bound and no device is declared: enter its IMEI.",
        ),
        _FORM_AGAIN,
        _IOT,
    ),
    Reason(
        "iot.number_cap",
        A.DO_NOT_ISSUE,
        W("名下物联网号码数量", "active IoT numbers of this person"),
        W(
            "客户名下物联网号码已达上限：不能再办。",
            "The customer holds as many IoT numbers as allowed: do not issue.",
        ),
        _CAP,
        _IOT,
    ),
    # openings
    Reason(
        "openings.number_cap",
        A.DO_NOT_ISSUE,
        W("名下号码数量", "active numbers of this person"),
        W("客户名下号码已达上限：不能再办。", "The customer holds as many numbers as allowed: do not issue."),
        _CAP,
        _CARD_CAP,
    ),
    Reason(
        "openings.repeat",
        A.CALL_SUPERVISOR,
        W("短期多次办卡", "several openings in a short time"),
        W(
            "客户短期内多次办卡：请主管核实用途。",
            "The customer opened several cards in a short time: the supervisor asks what for.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "openings.far_from_home",
        A.CALL_SUPERVISOR,
        W("异地办卡", "store far from the ID's division"),
        W(
            "客户为异地办卡：可询问在本地工作、学习或居住的情况。",
            "The customer is from elsewhere: you may ask about work, study or residence here.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "openings.repeat_far_from_home",
        A.CALL_SUPERVISOR,
        W("异地短期多次办卡", "several openings far from home"),
        W(
            "客户异地且短期内多次办卡：请主管核实用途与居住证明。",
            "Several openings in a short time, far from home: the supervisor asks why and for proof of residence.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "openings.clerk_burst",
        A.CALL_SUPERVISOR,
        W("工号批量开卡", "burst of openings by one clerk"),
        W(
            "本工号短时间内开卡过多：须由主管复核。",
            "Too many openings under this clerk in a short time: the supervisor checks.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "openings.suspended_number",
        A.CALL_SUPERVISOR,
        W("名下号码核实", "the person's other numbers"),
        W(
            "办理前须由主管核实客户名下号码。",
            "The supervisor looks at the customer's other numbers before anything is issued.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "openings.other_operators",
        A.CALL_SUPERVISOR,
        W("其他运营商号码", "numbers at other operators"),
        W("其他运营商的号码未知。", "Numbers at other operators are unknown."),
        _ONE_MOMENT,
        _CARD_CAP,
    ),
    # trail
    Reason(
        "trail.refused_elsewhere",
        A.CALL_SUPERVISOR,
        W("在其他网点被拒", "refused at other stores"),
        W(
            "客户近日在其他网点未能办理：请主管核实。",
            "The customer was turned away at another store lately: the supervisor asks why.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "trail.many_stores",
        A.CALL_SUPERVISOR,
        W("多网点办理", "several stores"),
        W(
            "客户近日到过多个网点办理：可询问原因。",
            "The customer applied at several stores lately: you may ask why.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "trail.many_dealers",
        A.CALL_SUPERVISOR,
        W("多代理商办理", "several dealers"),
        W(
            "客户近日到过多家代理商办理：可询问原因。",
            "The customer applied at several dealers lately: you may ask why.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "trail.too_fast",
        A.CALL_SUPERVISOR,
        W("两次办理的间隔与距离", "time and distance between two counters"),
        W(
            "该证件不久前在远处网点用过：请主管核实持证人。",
            "This ID was used at a counter far away a short time ago: the supervisor looks at who holds it.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    # remote
    Reason(
        "remote.no_residence_shown",
        A.CALL_SUPERVISOR,
        W("本地居住、工作或学习证明", "proof of residence, work or study here"),
        W(
            "客户为异地证件且未出示本地证明：可请其出示居住证、学生证或工作证明。",
            "The ID is from elsewhere and nothing shows residence here: you may ask for a permit or a student card.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "remote.residence_elsewhere",
        A.CALL_SUPERVISOR,
        W("证明所在地", "place of the proof"),
        W(
            "出示的居住、工作或学习证明不在本地。",
            "What the customer showed is for another place.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "remote.device_elsewhere",
        A.CALL_SUPERVISOR,
        W("设备所在位置", "place of the device"),
        W(
            "登记的设备不在营业厅附近：可请客户出示设备。",
            "The device is not near the counter: you may ask to see it.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "remote.delivery_elsewhere",
        A.CALL_SUPERVISOR,
        W("寄送地址", "place of delivery"),
        W(
            "寄送地址在外省：可询问收件人。",
            "The card goes to another province: you may ask who receives it.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    # batch
    Reason(
        "batch.clerk_burst",
        A.CALL_SUPERVISOR,
        W("工号当日开卡量", "the clerk's openings today"),
        W(
            "本工号当日开卡量明显高于平日。",
            "This clerk opened far more cards than on usual days.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "batch.dealer_burst",
        A.CALL_SUPERVISOR,
        W("代理商当日开卡量", "the dealer's openings today"),
        W(
            "本代理商当日开卡量明显高于平日。",
            "This dealer opened far more cards than on usual days.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "batch.store_burst",
        A.CALL_SUPERVISOR,
        W("网点当日开卡量", "the store's openings today"),
        W(
            "本网点当日开卡量明显高于平日。",
            "This store opened far more cards than on usual days.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "batch.terminal_burst",
        A.CALL_SUPERVISOR,
        W("终端当日开卡量", "the terminal's openings today"),
        W(
            "本终端当日开卡量明显高于平日。",
            "This terminal opened far more cards than on usual days.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "batch.remote_first_share",
        A.CALL_SUPERVISOR,
        W("异地新客户占比", "share of newcomers from elsewhere"),
        W(
            "本工号当日异地新客户占比明显偏高。",
            "Far more of this clerk's customers than usual are newcomers from elsewhere.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "batch.consecutive_cards",
        A.CALL_SUPERVISOR,
        W("连号卡", "cards in a row"),
        W(
            "连号的卡在短时间内发给了不同的人。",
            "Cards in a row went to different people in a short time.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "batch.consecutive_numbers",
        A.CALL_SUPERVISOR,
        W("连号手机号码", "phone numbers in a row"),
        W(
            "连号的手机号码在短时间内办给了不同的人。",
            "Phone numbers in a row went to different people in a short time.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "batch.unusual_hour",
        A.CALL_SUPERVISOR,
        W("非营业时段", "unusual hour"),
        W(
            "该营业厅通常不在此时段办理开户。",
            "This store does not usually open numbers at this time of day.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "batch.fraudulent_staff",
        A.CALL_SUPERVISOR,
        W("经办方涉诈比例", "fraud behind one counter"),
        W(
            "该营业员或代理商近期开出的号码中涉诈比例偏高。",
            "Of the numbers that this clerk or dealer opened lately, a large share was used for fraud.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "batch.fraudulent_before",
        A.CALL_SUPERVISOR,
        W("关联涉诈号码", "numbers used for fraud before"),
        W(
            "本次办理与涉诈号码有关联：请主管核实，不要发卡。",
            "This application is linked to numbers used for fraud: the supervisor decides, do not issue before.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    # shared
    Reason(
        "shared.contact",
        A.CALL_SUPERVISOR,
        W("联系电话", "contact number"),
        W(
            "该联系电话近期被多人登记：请主管核实。",
            "Many people gave this contact number lately: the supervisor asks why.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "shared.payer",
        A.CALL_SUPERVISOR,
        W("付款账户", "payer"),
        W(
            "该付款账户近期为多人付款：请主管核实。",
            "This account paid for many people lately: the supervisor asks why.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "shared.delivery",
        A.CALL_SUPERVISOR,
        W("寄送地址", "delivery address"),
        W(
            "该寄送地址近期被多人登记。",
            "Many people gave this delivery address lately.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "shared.address",
        A.CALL_SUPERVISOR,
        W("登记住址", "home address"),
        W(
            "该住址近期被多人登记。",
            "Many people gave this home address lately.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    # identity
    Reason(
        "identity.face_under_other_id",
        A.CALL_SUPERVISOR,
        W("同一人脸不同证件", "same face under another ID"),
        W(
            "该人脸可能曾用其他证件办理：请主管核实持证人。",
            "This face may have applied under another ID: the supervisor looks at who holds it.",
        ),
        _ONE_MOMENT,
        _FACE_RULE,
    ),
    Reason(
        "identity.id_with_other_face",
        A.CALL_SUPERVISOR,
        W("同一证件不同人脸", "same ID with another face"),
        W(
            "该证件以往办理时的人脸与本次不同：请主管核实持证人。",
            "This ID came with another face before: the supervisor looks at who holds it.",
        ),
        _ONE_MOMENT,
        _FACE_RULE,
    ),
    Reason(
        "identity.face_of_fraud",
        A.CALL_SUPERVISOR,
        W("人脸关联号码核实", "the face's earlier numbers"),
        W(
            "请主管核实持证人及其以往办理的号码。",
            "The supervisor looks at who holds the ID, and at earlier numbers.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "identity.companion_of_many",
        A.CALL_SUPERVISOR,
        W("陪同人员", "the same companion"),
        W(
            "陪同人员近期陪同过多人办卡：请主管核实。",
            "Whoever stands beside the customer stood beside many others lately: the supervisor asks why.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    # ring
    Reason(
        "ring.member",
        A.CALL_SUPERVISOR,
        W("团伙成员", "member of a known ring"),
        W(
            "该申请需要主管复核。",
            "The supervisor looks at this application.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    Reason(
        "ring.near",
        A.CALL_SUPERVISOR,
        W("关联团伙", "tied to a known ring"),
        W(
            "该申请所填的联系信息和设备需要主管复核。",
            "The supervisor looks at the contacts and the device given in this application.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    # notice
    Reason(
        "notice.not_signed",
        A.HAVE_NOTICE_SIGNED,
        W("告知书签署", "notice signed"),
        W(
            "《安全用卡告知书》未签署：请客户阅读并签字。",
            "The safe-card-use notice is not signed: the customer reads and signs it.",
        ),
        _SIGN,
        _NOTICE_RULE,
    ),
    Reason(
        "notice.outdated",
        A.HAVE_NOTICE_SIGNED,
        W("告知书版本", "version of the notice"),
        W(
            "签署的不是现行《安全用卡告知书》：请客户签署现行文本。",
            "Another text than the current notice was signed: the customer signs the current one.",
        ),
        _SIGN,
        _NOTICE_RULE,
    ),
    Reason(
        "notice.signed_at_other_time",
        A.HAVE_NOTICE_SIGNED,
        W("告知书签署时间", "time of the signature"),
        W(
            "《安全用卡告知书》不是为本次办理签署的：请客户重新签署。",
            "The notice was not signed for this application: the customer signs again.",
        ),
        _SIGN,
        _NOTICE_RULE,
    ),
    Reason(
        "notice.text_differs",
        A.HAVE_NOTICE_SIGNED,
        W("告知书文本", "text of the notice"),
        W(
            "签署的文本与该版本《安全用卡告知书》不一致：请从系统中调出现行文本，请客户重新签署。",
            "The signed text is not that of its version: show the current one from the system, to be signed again.",
        ),
        _SIGN,
        _NOTICE_RULE,
    ),
    Reason(
        "notice.signed_before_shown",
        A.HAVE_NOTICE_SIGNED,
        W("告知书先阅后签", "notice shown before it was signed"),
        W(
            "《安全用卡告知书》在出示之前就已签署：请先让客户阅读，再重新签署。",
            "The notice was signed before it was shown: the customer reads it first, then signs again.",
        ),
        _SIGN,
        _NOTICE_RULE,
    ),
    Reason(
        "notice.signed_by_other",
        A.HAVE_NOTICE_SIGNED,
        W("告知书签署人", "who signed the notice"),
        W(
            "《安全用卡告知书》的签署人不对：由客户本人签署，未成年人由监护人签署，代办的也可由代办人签署。",
            "The wrong person signed the notice: the customer signs, for a minor the guardian; a representative may.",
        ),
        _SIGN,
        _NOTICE_RULE,
    ),
    # combination: given by the policy itself
    Reason(
        "combination.several_signs",
        A.CALL_SUPERVISOR,
        W("多项迹象", "several signs together"),
        W(
            "多项迹象同时出现：请主管核实用途。",
            "Several signs come together: the supervisor asks what the card is for.",
        ),
        _ONE_MOMENT,
        _ABNORMAL,
    ),
    # binding and restriction: lines after their card was issued
    Reason(
        "binding.line_unknown",
        A.LOOK_AGAIN_LATER,
        W("号码在网记录", "line on record"),
        W(
            "系统中没有该号码的在网记录：核对号码，或待开卡办结后再查。",
            "No such line is on record: check the number, or look again once its opening is settled.",
        ),
        _NOT_FOUND,
        _HOUSE,
    ),
    Reason(
        "binding.not_used",
        A.REMIND_SUBSCRIBER,
        W("开卡后使用", "used after opening"),
        W(
            "开卡后超过规定时间未使用：提醒机主。",
            "Not used within the time after opening: remind the subscriber.",
        ),
        _USE_IT,
        _ABNORMAL,
    ),
    Reason(
        "binding.imei_malformed",
        A.VERIFY_SUBSCRIBER,
        W("在网设备 IMEI", "IMEI seen by the network"),
        W(
            "网络上报的 IMEI 无效：可能是改号设备，请核实。",
            "The network reports an IMEI that is none: it may be forged, look into it.",
        ),
        _SHOW_YOURSELF,
        _BULK_SIM,
    ),
    Reason(
        "binding.device_differs",
        A.VERIFY_SUBSCRIBER,
        W("机卡一致", "used in the declared device"),
        W(
            "实际使用设备与登记设备不符：联系机主核实。",
            "Used in another device than the declared one: ask the subscriber.",
        ),
        _SHOW_YOURSELF,
        _ABNORMAL,
    ),
    Reason(
        "binding.imsi_differs",
        A.VERIFY_SUBSCRIBER,
        W("在网 IMSI", "IMSI seen by the network"),
        W(
            "网络上报的 IMSI 与该号码登记的卡不符：核实是否被复制或登记有误。",
            "The network reports another IMSI than the line's card has: look whether it was copied or mixed up.",
        ),
        _SHOW_YOURSELF,
        _ABNORMAL,
    ),
    Reason(
        "binding.moved_soon",
        A.VERIFY_SUBSCRIBER,
        W("开卡后短时换机", "moved soon after opening"),
        W(
            "开卡后数小时内换入其他设备：建议限制呼出并核实。",
            "Moved to another device within hours of opening: restrict outgoing service and verify.",
        ),
        _SHOW_YOURSELF,
        _ABNORMAL,
    ),
    Reason(
        "binding.first_change_of_new_user",
        A.REMIND_SUBSCRIBER,
        W("新用户首次换机", "a new user's first change of device"),
        W(
            "新入网用户首次更换设备：提醒机主，确认是否本人使用。",
            "A new user's first change of device: remind the subscriber.",
        ),
        _KEEP_IT,
        _ABNORMAL,
    ),
    Reason(
        "binding.frequent_changes",
        A.VERIFY_SUBSCRIBER,
        W("频繁换机", "frequent changes of the device"),
        W(
            "频繁更换设备：建议限制呼出并核实。",
            "The device changes often: restrict outgoing service and verify.",
        ),
        _SHOW_YOURSELF,
        _ABNORMAL,
    ),
    Reason(
        "binding.many_devices",
        A.REMIND_SUBSCRIBER,
        W("使用设备数量", "devices that the line was seen in"),
        W(
            "该号码在多部设备中使用过：提醒机主。",
            "The line was seen in many devices: remind the subscriber.",
        ),
        _KEEP_IT,
        _ABNORMAL,
    ),
    Reason(
        "binding.many_lines_on_device",
        A.VERIFY_SUBSCRIBER,
        W("同一设备号码数量", "lines in the same device"),
        W(
            "同一设备中出现多个号码：疑似批量插卡，建议限制呼出并核实。",
            "Many numbers in one device, as in a SIM box: restrict outgoing service and verify.",
        ),
        _SHOW_YOURSELF,
        _BULK_SIM,
    ),
    Reason(
        "binding.device_stolen",
        A.VERIFY_SUBSCRIBER,
        W("被盗设备名单", "list of stolen devices"),
        W(
            "在被盗名单上的设备中使用：请核实，机主可能不知情。",
            "Used in a device that is listed as stolen: look into it, the subscriber may not know.",
        ),
        _SHOW_YOURSELF,
        _ABNORMAL,
    ),
    Reason(
        "binding.device_blacklisted",
        A.RESTRICT_LINE,
        W("设备黑名单", "blacklist of devices"),
        W(
            "在黑名单设备中使用：建议限制呼出。",
            "Used in a blacklisted device: restrict outgoing service.",
        ),
        _SHOW_YOURSELF,
        _ABNORMAL,
    ),
    Reason(
        "binding.device_bulk_sim",
        A.RESTRICT_LINE,
        W("批量插卡设备", "bulk-SIM equipment"),
        W(
            "在批量插卡设备中使用：建议暂停服务并上报。",
            "Used in bulk-SIM equipment: suspend service and report it.",
        ),
        _SHOW_YOURSELF,
        _BULK_SIM,
    ),
    Reason(
        "binding.device_not_a_phone",
        A.VERIFY_SUBSCRIBER,
        W("使用设备为手机", "used in a phone"),
        W(
            "个人卡用在非手机设备中：建议限制呼出并核实。",
            "A personal card in a device that is no phone: restrict outgoing service and verify.",
        ),
        _SHOW_YOURSELF,
        _ABNORMAL,
    ),
    Reason(
        "restriction.device_changed",
        A.RESTRICT_LINE,
        W("绑定设备（IMEIBIND）", "bound device (IMEIBIND)"),
        W(
            "物联网卡离开绑定设备：建议暂停服务。",
            "The IoT card left the device it is bound to: suspend service.",
        ),
        _SHOW_YOURSELF,
        _IOT,
    ),
    Reason(
        "restriction.area_left",
        A.RESTRICT_LINE,
        W("限定区域（AREALIMIT）", "area (AREALIMIT)"),
        W(
            "物联网卡离开限定区域：建议暂停服务。",
            "The IoT card left its area: suspend service.",
        ),
        _SHOW_YOURSELF,
        _IOT,
    ),
    # second_check
    Reason(
        "second_check.overdue",
        A.RESTRICT_LINE,
        W("二次实人认证期限", "second real-person check in time"),
        W(
            "机主未在期限内完成二次实人认证：建议暂停服务。",
            "The subscriber did not show up for the second check in time: suspend service.",
        ),
        _SHOW_YOURSELF,
        _SUSPENDED,
    ),
    # the use of a number after its card was issued
    Reason(
        "usage_records.none",
        A.LOOK_AGAIN_LATER,
        W("使用记录", "records of use"),
        W(
            "该时段内没有该号码的通话或短信记录：稍后再查，不能视为正常。",
            "No call and no message is on record for the window, which does not mean in order: look again later.",
        ),
        _LATER,
        _HOUSE,
    ),
    Reason(
        "usage_records.outage",
        A.LOOK_AGAIN_LATER,
        W("记录完整", "records without a gap"),
        W(
            "该时段网络或记录长时间中断：待有完整记录后再查。",
            "Network or records were down for long in this window: look again later.",
        ),
        _LATER,
        _HOUSE,
    ),
    Reason(
        "calls.fan_out",
        A.REMIND_SUBSCRIBER,
        W("呼叫号码数量", "different numbers called"),
        W(
            "每天呼叫大量不同号码：单独出现不作处理，请结合其他迹象判断。",
            "Many different numbers are called each day: nothing is done about that alone, see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "calls.one_way",
        A.REMIND_SUBSCRIBER,
        W("单向呼叫", "one-way calling"),
        W(
            "大量号码只呼叫一两次，且几乎都是呼出：提醒机主，并确认是否本人使用。",
            "Many numbers are called once or twice, few calls come in: remind the subscriber, ask who uses it.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "calls.one_way_throughout",
        A.REMIND_SUBSCRIBER,
        W("几乎全为单次呼出", "nothing but single calls out"),
        W(
            "几乎全部为对陌生号码的单次呼出：请结合其他迹象判断。",
            "Nearly all calls are single ones out to strangers: see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "calls.unanswered",
        A.REMIND_SUBSCRIBER,
        W("呼出接通率", "outgoing calls answered"),
        W(
            "呼出大多无人接听：请结合其他迹象判断。",
            "Most outgoing calls are not answered: see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "calls.short",
        A.REMIND_SUBSCRIBER,
        W("短时通话", "short calls"),
        W(
            "接通的呼出大多很快挂断：请结合其他迹象判断。",
            "Most answered calls end within seconds: see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "calls.not_returned",
        A.REMIND_SUBSCRIBER,
        W("回拨情况", "called back"),
        W(
            "被叫号码几乎无人回拨：请结合其他迹象判断。",
            "Hardly any of the numbers called ever calls: see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "calls.burst",
        A.REMIND_SUBSCRIBER,
        W("短时密集呼出", "calls in a burst"),
        W(
            "短时间内密集呼出，超出人工拨号速度：请结合其他迹象判断。",
            "Calls go out faster than a person dials: see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "calls.at_night",
        A.REMIND_SUBSCRIBER,
        W("夜间呼出", "calls at night"),
        W(
            "夜间向大量号码呼出：请结合其他迹象判断。",
            "Many numbers are called at night: see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "calls.round_the_clock",
        A.REMIND_SUBSCRIBER,
        W("全天轮班呼出", "calls round the clock"),
        W(
            "昼夜不停地呼出，疑似多人轮班使用：请核实实际使用人。",
            "Calls go out day and night, as in shifts: find out who uses the line.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "calls.woken",
        A.REMIND_SUBSCRIBER,
        W("静默后突增", "silence, then a spike"),
        W(
            "长期静默后突然大量呼出：提醒机主，确认号码是否仍由本人使用。",
            "Silent for long, then many calls in a day: remind the subscriber, ask who uses it now.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "calls.relay",
        A.VERIFY_SUBSCRIBER,
        W("中转呼叫", "relayed calls"),
        W(
            "少数号码反复呼入，同时向大量陌生号码呼出，疑似中转：请核实。",
            "The same few numbers call in again and again while strangers are called, as a relay does: look into it.",
        ),
        _SHOW_YOURSELF,
        _USE,
    ),
    Reason(
        "messages.many_recipients",
        A.REMIND_SUBSCRIBER,
        W("短信接收号码数量", "different numbers written to"),
        W(
            "每天向大量不同号码发送短信：单独出现不作处理，请结合其他迹象判断。",
            "Many different numbers are written to each day: nothing is done about that alone, see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "messages.one_template",
        A.REMIND_SUBSCRIBER,
        W("同一内容群发", "one text to many"),
        W(
            "同一内容发给大量号码：请结合其他迹象判断。",
            "The same text goes to many numbers: see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "messages.burst",
        A.REMIND_SUBSCRIBER,
        W("短时密集发送", "messages in a burst"),
        W(
            "一小时内大量发送短信：请结合其他迹象判断。",
            "Many messages go out within an hour: see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "messages.no_reply",
        A.REMIND_SUBSCRIBER,
        W("短信回复情况", "messages answered"),
        W(
            "收到短信的号码几乎无人回复：请结合其他迹象判断。",
            "Hardly any of the numbers written to ever writes: see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "messages.links",
        A.REMIND_SUBSCRIBER,
        W("短信中的链接与联系方式", "links and handles in messages"),
        W(
            "多数短信带有链接或联系方式：请结合其他迹象判断。",
            "Most texts hold a link or a number to turn to: see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "messages.fraud_content",
        A.VERIFY_SUBSCRIBER,
        W("涉诈或违法内容", "fraudulent or illegal content"),
        W(
            "短信内容疑似涉诈或违法，且发给多个号码：请人工审阅样本后再处理。",
            "Texts to several numbers read as fraud or as illegal: a person reads a sample before anything is done.",
        ),
        _SHOW_YOURSELF,
        _USE,
    ),
    Reason(
        "messages.lexicon",
        A.VERIFY_SUBSCRIBER,
        W("命中词库", "hits of the lexicon"),
        W(
            "短信多次命中本公司词库：请人工审阅。",
            "Texts often hit the operator's lexicon: a person reads a sample.",
        ),
        _SHOW_YOURSELF,
        _USE,
    ),
    Reason(
        "messages.evasive",
        A.VERIFY_SUBSCRIBER,
        W("规避识别", "disguised texts"),
        W(
            "短信中夹杂符号、异体字等以规避识别：请人工审阅。",
            "Texts are disguised by characters put between or look-alikes: a person reads a sample.",
        ),
        _SHOW_YOURSELF,
        _USE,
    ),
    Reason(
        "places.fixed_while_calling",
        A.REMIND_SUBSCRIBER,
        W("固定位置大量呼出", "fixed place and heavy calling"),
        W(
            "始终在同一基站下大量呼出，与设备池相似：请结合其他迹象判断。",
            "Heavy calling from one cell alone, as a SIM box does: see the other signs.",
        ),
        _KEEP_IT,
        _BULK_SIM,
    ),
    Reason(
        "places.too_fast",
        A.VERIFY_SUBSCRIBER,
        W("位置移动速度", "speed between places"),
        W(
            "两次出现的位置相距过远、时间过短：核实卡是否被复制，或基站位置有误。",
            "Seen too far apart in too short a time: look whether the card was copied, or a cell misplaced.",
        ),
        _SHOW_YOURSELF,
        _USE,
    ),
    Reason(
        "places.high_risk_region",
        A.VERIFY_SUBSCRIBER,
        W("高风险地区", "high-risk region"),
        W(
            "号码在本公司所列高风险地区使用：请按二次实人认证流程核实。",
            "The number is used in a region of the operator's list: have the person verified again.",
        ),
        _SHOW_YOURSELF,
        _USE,
    ),
    Reason(
        "usage_devices.many_devices",
        A.REMIND_SUBSCRIBER,
        W("使用设备数量", "devices it was used in"),
        W(
            "该时段内在多部设备中使用：提醒机主，确认是否本人使用。",
            "Used in many devices in the window: remind the subscriber and ask who uses it.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "usage_devices.many_changes",
        A.REMIND_SUBSCRIBER,
        W("更换设备次数", "changes of the device"),
        W(
            "该时段内频繁更换设备：提醒机主，确认是否本人使用。",
            "The device changes often in the window: remind the subscriber and ask who uses it.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "usage_devices.many_numbers",
        A.VERIFY_SUBSCRIBER,
        W("同一设备号码数量", "numbers in its device"),
        W(
            "所用设备中出现多个号码，疑似批量插卡：请核实。",
            "Many numbers are used in its device, as in a SIM box: look into it.",
        ),
        _SHOW_YOURSELF,
        _BULK_SIM,
    ),
    Reason(
        "usage_devices.bulk_tac",
        A.RESTRICT_LINE,
        W("批量插卡设备型号", "type of bulk-SIM equipment"),
        W(
            "在批量插卡设备中使用：建议暂停服务并上报。",
            "Used in bulk-SIM equipment: suspend service and report it.",
        ),
        _SHOW_YOURSELF,
        _BULK_SIM,
    ),
    Reason(
        "usage_opening.new_and_busy",
        A.REMIND_SUBSCRIBER,
        W("新号码大量使用", "new and busy"),
        W(
            "新开号码即联系大量不同号码：请结合其他迹象判断。",
            "A new number that reaches many different numbers: see the other signs.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "usage_opening.many_numbers",
        A.REMIND_SUBSCRIBER,
        W("名下号码数量", "numbers of the holder"),
        W(
            "机主名下号码较多：单独出现不作处理。",
            "Its holder has many numbers: nothing is done about that alone.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "usage_opening.many_openings",
        A.REMIND_SUBSCRIBER,
        W("近期开户次数", "openings of the holder"),
        W(
            "机主近一年多次开户：单独出现不作处理。",
            "Its holder opened several numbers within a year: nothing is done about that alone.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "usage_model.suspend",
        A.RESTRICT_LINE,
        W("模型评分（暂停档）", "score of the model (suspension)"),
        W(
            "模型评分达到暂停档：建议暂停服务，经二次实人认证后恢复。",
            "The score of the model is in the band of suspension: suspend service until the person is verified again.",
        ),
        _SHOW_YOURSELF,
        _USE,
    ),
    Reason(
        "usage_model.remind",
        A.REMIND_SUBSCRIBER,
        W("模型评分（提醒档）", "score of the model (reminder)"),
        W(
            "模型评分达到提醒档：提醒机主。",
            "The score of the model is in the band of reminders: remind the subscriber.",
        ),
        _KEEP_IT,
        _USE,
    ),
    Reason(
        "usage_pattern.suspend",
        A.RESTRICT_LINE,
        W("使用迹象合计（暂停档）", "signs of use together (suspension)"),
        W(
            "多项使用迹象合计达到暂停档：建议暂停服务，经二次实人认证后恢复。",
            "Signs of use together reach the band of suspension: suspend service until the person is verified again.",
        ),
        _SHOW_YOURSELF,
        _USE,
    ),
    Reason(
        "usage_pattern.restrict",
        A.RESTRICT_LINE,
        W("使用迹象合计（限制档）", "signs of use together (restriction)"),
        W(
            "多项使用迹象合计达到限制档：建议限制呼出并核实。",
            "Signs of use together reach the band of restriction: restrict outgoing service and verify.",
        ),
        _SHOW_YOURSELF,
        _USE,
    ),
    Reason(
        "usage_pattern.remind",
        A.REMIND_SUBSCRIBER,
        W("使用迹象合计（提醒档）", "signs of use together (reminder)"),
        W(
            "多项使用迹象同时出现：提醒机主。",
            "Several signs of use come together: remind the subscriber.",
        ),
        _KEEP_IT,
        _USE,
    ),
)

REASONS: dict[str, Reason] = {reason.code: reason for reason in _ALL}
"""Every reason by its code, in the order of the checks."""

_ACCEPTED = {
    "clerk": Words("审核通过：可以办理。", "Approved: go ahead."),
    "customer": Words("审核通过。", "Your application is approved."),
    "internal": Words("审核通过。", "Accepted."),
}
_IN_ORDER = {
    "clerk": Words("号码使用正常：无需处理。", "The line is in order: leave it as it is."),
    "customer": Words("您的号码一切正常。", "Your line is in order."),
    "internal": Words("号码使用正常。", "In order."),
}
_NOTHING_AGAINST = {"accepted": _ACCEPTED, "in_order": _IN_ORDER}
_UNKNOWN = {
    "clerk": Words("需要主管处理。", "The supervisor decides."),
    "customer": _ONE_MOMENT,
    "internal": Words("未知原因代码", "Unknown reason code"),
}


def words(reason: str, language: Language, audience: Audience, *, assessed: bool = True) -> str:
    """One reason in words.

    Args:
        reason: A reason code, `accepted` of an application, or `in_order` of a line. A code this version does not
            know gives general words.
        language: `zh-CN` or `en`.
        audience: `clerk`, `customer` or `internal`.
        assessed: False when it could not be told whether the reason holds.

    Raises:
        InputError: Another language or audience.
    """
    if language not in get_args(Language):
        raise InputError(f"language must be one of {', '.join(get_args(Language))}")
    if audience not in get_args(Audience):
        raise InputError(f"audience must be one of {', '.join(get_args(Audience))}")
    if reason in _NOTHING_AGAINST:
        return _NOTHING_AGAINST[reason][audience].in_language(language)
    known = REASONS.get(reason)
    if known is None:
        return _UNKNOWN[audience].in_language(language)
    if audience == "customer":
        unsure = _LATER if known.is_about_a_line else _ONE_MOMENT
        return (known.customer if assessed else unsure).in_language(language)
    if not assessed:
        label = known.label.in_language(language)
        return f"尚未核验：{label}。" if language == "zh-CN" else f"Not checked yet: {label}."
    if audience == "clerk":
        return known.clerk.in_language(language)
    return f"{known.label.in_language(language)} ({known.basis})"
