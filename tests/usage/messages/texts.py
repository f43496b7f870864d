"""Messages that nobody sent, written for tests."""

from __future__ import annotations

__all__ = ["DISGUISED_FRAUD", "FRAUD", "ILLEGAL", "ORDINARY"]

ORDINARY = {
    "a bank's code": "【建设银行】验证码 640218，您正在登录手机银行，5分钟内有效。请勿告诉任何人，谨防诈骗。",
    "a code without a warning": "您的验证码是 730021，10分钟内有效，如非本人操作请忽略。",
    "a bank's own notice": "【工商银行】您尾号8830的银行卡10月8日12:01支出人民币1,288.00元，余额3,021.55元。",
    "a bank's maintenance": "【农业银行】为提供更好的服务，手机银行将于今晚升级，期间暂停登录，请谅解。",
    "a card that ends": "【中国银行】您尾号3390的信用卡将于下月到期，新卡已寄往账单地址，详询95566。",
    "a courier's pick-up notice": "【菜鸟驿站】您的包裹已到站，取件码 3-1-8842，请到东门驿站领取，电话13800001111。",
    "a courier on the way": "【顺丰】您的快件由赵师傅（13900002222）派送中，请保持电话畅通。",
    "a refund of a shop": "【某某商城】您的退款35.80元已原路退回，预计1到3个工作日到账。",
    "a hospital's appointment": "【市立医院】您已预约10月20日上午9:30眼科李医生，请携带医保卡，提前20分钟到院取号。",
    "a school's notice": "【实验小学】各位家长，明天上午8点举行运动会，请给孩子准备水壶和运动鞋。",
    "a spaced title": "关 于 放 假 的 通 知：各位同学，10月1日至7日放假，8日正常上课，请注意安全，关好门窗。",
    "a friend's dinner": "晚上7点老地方吃饭，别迟到哦😄",
    "a friend's dinner in English": "Dinner at 7? See you at the usual place :)",
    "a mother's question": "到家了吗？钥匙在门口垫子下面",
    "emoji at the end": "生日快乐🎂🎂🎂！祝你天天开心🎉🎉",
    "brands and English": "新买的iPhone 15 Pro到了，用AirPods听歌真不错，晚上一起看NBA？",
    "a police warning": "【公安局】冒充公检法诈骗高发，凡是要求转账到安全账户的都是诈骗，切勿相信！",
    "a warning of paid orders": "【反诈中心】刷单返利就是诈骗，不要轻信兼职日结高佣金的信息。",
    "an operator's balance": "【中国移动】截至今日您的话费余额15.20元，流量剩余3.2GB，详询10086。",
    "a traffic notice": "【交警】您的车辆有一条违章记录，请到交管12123或窗口办理。",
    "a landlord": "房租2000元已经转给你了，记得查收，谢谢。",
    "a plumber": "师傅您好，厨房水管漏水，麻烦下午来修一下，地址幸福路8号。",
    "a flight that is late": "【东方航空】您乘坐的航班因天气原因预计延误至15:20起飞，请关注机场显示屏，客服95530。",
    "traditional throughout": "您好，您預約的餐廳已經確認，時間為週六晚上七點，請準時到達，謝謝您的光臨。",
    "a phone number with its marks": "王总电话：\u202a+86 138-0000-3333\u202c，明天联系他",
    "an invoice of a shop": "您的电子发票已开具，请登录商城下载，抬头为某某公司。",
}
"""By what it is: none of them is fraud, and none is disguised."""

FRAUD = {
    "courier_refund": "您好，您的快递包裹丢失，我司将双倍理赔，请添加理赔专员微信：lipei8899",
    "customer_service_refund": "【某东客服】您误开通了百万保障，如不取消将每月扣费2000元，请致电 17012345678 办理",
    "brushing_orders": "诚招网络兼职，刷单返佣，日结300，加QQ：223344556",
    "part_time_contact": "在家就可以做的兼职，日赚500，想做的加微信 jz88776",
    "loan_upfront": "急用钱？贷款无视征信，黑户可做，当天下款，电13800004444",
    "credit_limit_link": "您的信用卡可提升额度至10万，请登录 http://ccb-e.top/a 提交资料",
    "false_police": "我是市公安局王警官，您涉嫌一起洗钱案件，请立即联系专案组 18900005555",
    "safe_account": "为配合调查，请把资金转到安全账户",
    "etc_expiry": "您的ETC认证已失效，为避免影响通行，请点击 https://etc.xyz/i 重新办理",
    "bank_card_expiry": "尊敬的用户，您的手机银行将于今日失效，请登录 wap.icbc-e.cc 激活【工商银行】",
    "points_redemption": "您的建行积分可兑换现金500元，今日清零，请登录 www.95533x.com 领取",
    "prize": "恭喜您被抽选为节目场外幸运观众，奖金98000元，请登录 http://zj.vip 领取",
    "flight_cancelled": "您预订的MU2233航班因机械故障已取消，请联系客服 4001234567 办理改签退票并领取补偿",
    "send_money_here": "房东换卡了，租金打到这张卡：6222021234567890123，户名王五",
    "boss_or_child": "妈，手机丢了，这是同学的号，急需交培训费，先打款给老师",
    "subsidy": "【社保局】您有一笔劳动补贴未领取，请尽快登录 bt.shebao.top 登记，逾期作废",
    "stock_tips": "操盘手建群，明日牛股涨停，不收费，人满即封，加微信 gp66889",
    "investment_platform": "投资虚拟币，导师带单稳赚不赔，进群 https://t.me/abcdef",
    "lost_phone": "您丢失的iPhone已找到，请登录 icloud-cn.vip 查看定位",
    "photos_of_you": "这是我们聚会的照片，你打开看看是不是你 http://x.top/p.apk",
    "code_asked_for": "我是客服，请把刚收到的验证码发给我，马上给您退款",
}
"""By the entry of the lexicon that hits."""

ILLEGAL = {
    "gambling_site": "百家乐真人荷官，注册送彩金，提款秒到 www.am888.cc",
    "invoices": "代开各类发票，保真可查，验后付款，13700006666",
    "counterfeit_documents": "专业办证刻章，毕业证房产证，货到付款，微信：bz556677",
    "bank_cards_traded": "高价收银行卡四件套，对公账户，长期合作，加V：ka99887",
    "sim_cards_traded": "大量收购手机卡，实名卡300一张，日结",
    "adult_services": "同城美女上门服务，学生妹空姐，加微信 mm556644",
    "banned_goods": "出售窃听器，听话水，货到付款，qq 99887766",
}

DISGUISED_FRAUD = [
    ("brushing_orders", "诚 招 网 络 兼 职，刷 单 返 佣，日 结 3 0 0", "a space after each character"),
    ("brushing_orders", "招兼职刷🔥单，日💰结，返✨佣，加微❤信：jz55667", "emoji between characters"),
    ("brushing_orders", "刷\u200b单兼职，日\u200b结\u200b佣\u200b金", "zero-width characters"),
    ("brushing_orders", "刷*单.返-佣，日_结", "signs"),
    ("brushing_orders", "shua单日结，加薇信 abc12345", "syllables in Latin letters, and a swapped character"),
    ("brushing_orders", "诚招兼职，刷，单，日，结", "commas between characters"),
    (
        "bank_card_expiry",
        "您的網銀将于今日失效，為避免影响使用，請及时登錄 icbc-e.cc 激活",
        "traditional characters mixed in",
    ),
    ("etc_expiry", "您的ЕТС已失效，请点击 https://etc.xyz/i 办理", "Cyrillic letters"),
    ("etc_expiry", "您的🅴🆃🅲已失效，请点击 https://etc.xyz/i 办理", "letters in squares"),
    ("etc_expiry", "您的𝐄𝐓𝐂已失效，请点击 https://etc.xyz/i 办理", "mathematical letters"),
    (
        "courier_refund",
        "您的快di包裹丢失，可li赔双倍，请电一三八〇〇〇〇一二三四",
        "a telephone number in ideographs",
    ),
    ("safe_account", "请把资金转到安\u2060全\u2060账\u2060户", "word joiners"),
    ("gambling_site", "⑥合彩特码公开，网址 www.lhc.cc", "a numeral in a circle"),
    ("invoices", "代开发漂，验后付款，13700006666", "a character that sounds alike"),
]
"""Entry, text, and what disguises it."""
