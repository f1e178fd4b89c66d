// What columns are called in shops' own exports, in English and Chinese: the dictionary behind `propose`.

/** A role a column may play. */
export type Role =
  | 'user_id'
  | 'anonymous_id'
  | 'session_id'
  | 'item_id'
  | 'order_id'
  | 'event_id'
  | 'timestamp'
  | 'type'
  | 'quantity'
  | 'price'
  | 'amount'
  | 'currency'
  | 'query'
  | 'rating'
  | 'text'
  | 'device'
  | 'channel'
  | 'country'
  | 'position'
  | 'category';

/**
 * Patterns over a header in lower case without spaces, `_`, `-` and `.`; the earlier a pattern stands, the surer it is.
 */
export const ROLE_WORDS: Readonly<Record<Role, readonly RegExp[]>> = {
  user_id: [
    /^(user|customer|client|buyer|member|account|shopper|visitor)(id|no|number|code|key)$/,
    /^(用户|客户|会员|顾客|买家|买方)(id|编号|号|编码|代码|号码)$/,
    /^(user|customer|client|buyer|member|uid|masterid|cid|custid|userpseudoid)$/,
    /^(用户|客户|会员|顾客|买家|用户名|买家昵称|会员名)$/,
    /^(customer)?email(address)?$/,
    /^(手机|手机号|邮箱)$/,
  ],
  anonymous_id: [/^(anonymous|cookie|device|visitor)id$/, /^(匿名id|设备id)$/],
  session_id: [/^(session|visit)(id|no)?$/, /^(会话|访问)(id|编号)?$/],
  item_id: [
    /^(item|product|article|sku|stock|goods|asin|variant)(id|no|number|code|key)?$/,
    /^(商品|产品|货品|物品|宝贝|货号)(id|编号|编码|代码|号)?$/,
    /^(productname|itemname|lineitemsku|lineitemname|description|title|商品名称|商品标题|产品名称)$/,
  ],
  order_id: [
    /^(order|invoice|transaction|receipt|basket|bill|ticket)(id|no|number|code)?$/,
    /^(订单|单据|发票|交易|小票)(id|编号|号|单号|编码)?$/,
  ],
  event_id: [/^(event|row|line|record)(id|key)$/, /^(事件|流水|记录)(id|编号|号)$/],
  timestamp: [
    /^(timestamp|eventtime|eventtimestamp|datetime|createdat|orderdate|invoicedate|purchasedate|ordertime|eventdate|purchasedat|orderedat|transactiondate)$/,
    /^(下单|支付|付款|订单|购买|交易|创建|成交|事件|发生|行为)(时间|日期)$/,
    /^(time|date|ts|day|时间|日期|时间戳)$/,
    /(date|time|时间|日期)$/,
  ],
  type: [
    /^(eventtype|eventname|event|behavior|behaviortype|behaviour|action|actiontype|activity)$/,
    /^(事件类型|行为类型|行为|事件|操作|动作|类型)$/,
    /^(type)$/,
  ],
  quantity: [
    /^(quantity|qty|pieces|units|count|cds|lineitemquantity|itemquantity|数量|件数|购买数量|商品数量|个数)$/,
  ],
  price: [
    /^(unitprice|price|priceeach|itemprice|itemcost|lineitemprice|单价|价格|售价|商品价格|商品单价)$/,
    /(unitprice|单价)/,
  ],
  amount: [
    /^(amount|total|linetotal|totalprice|totalamount|revenue|sales|dollars|spend|paid|payment|value|金额|总价|总金额|总额|实付|实付金额|支付金额|付款金额|订单金额|销售额|成交金额|小计)$/,
    /(amount|revenue|金额|总价)/,
  ],
  currency: [/^(currency|currencycode|币种|货币)$/],
  query: [/^(query|search|searchterm|keyword|keywords|搜索词|关键词|搜索)$/],
  rating: [/^(rating|stars|score|review_?score|评分|星级|打分)$/],
  text: [/^(review|reviewtext|comment|comments|feedback|text|message|评论|评价|评价内容|评论内容|留言)$/],
  device: [/^(device|devicetype|platform|devicecategory|设备|设备类型|终端)$/],
  channel: [/^(channel|source|medium|utmsource|utmmedium|渠道|来源)$/],
  country: [/^(country|countrycode|shippingcountry|billingcountry|国家|地区)$/],
  position: [/^(position|rank|slot|位置|排名)$/],
  category: [
    /^(category|categoryid|categorycode|producttype|department|类目|类目id|品类|分类|商品类目|商品分类)$/,
  ],
};

/** Words for event types, as they stand in behaviour logs. */
export const TYPE_WORDS: Readonly<Record<string, string>> = {
  pv: 'view',
  view: 'view',
  viewed: 'view',
  view_item: 'view',
  pageview: 'view',
  page_view: 'view',
  browse: 'view',
  detail: 'view',
  浏览: 'view',
  查看: 'view',
  click: 'click',
  clk: 'click',
  点击: 'click',
  impression: 'impression',
  exposure: 'impression',
  曝光: 'impression',
  search: 'search',
  搜索: 'search',
  cart: 'add_to_cart',
  addtocart: 'add_to_cart',
  add_to_cart: 'add_to_cart',
  'add to cart': 'add_to_cart',
  basket: 'add_to_cart',
  加购: 'add_to_cart',
  加购物车: 'add_to_cart',
  加入购物车: 'add_to_cart',
  remove_from_cart: 'remove_from_cart',
  removefromcart: 'remove_from_cart',
  fav: 'wishlist',
  favorite: 'wishlist',
  favourite: 'wishlist',
  collect: 'wishlist',
  wishlist: 'wishlist',
  收藏: 'wishlist',
  checkout: 'begin_checkout',
  begin_checkout: 'begin_checkout',
  结算: 'begin_checkout',
  buy: 'purchase',
  purchase: 'purchase',
  purchased: 'purchase',
  order: 'purchase',
  transaction: 'purchase',
  sale: 'purchase',
  pay: 'purchase',
  paid: 'purchase',
  购买: 'purchase',
  下单: 'purchase',
  支付: 'purchase',
  成交: 'purchase',
  付款: 'purchase',
  refund: 'refund',
  return: 'refund',
  returned: 'refund',
  cancel: 'refund',
  cancelled: 'refund',
  canceled: 'refund',
  退款: 'refund',
  退货: 'refund',
  取消: 'refund',
  review: 'review',
  rate: 'review',
  评价: 'review',
  评论: 'review',
};

const NEVER_PAID =
  'CHECK: taken for a refund of an order that was counted; rows of orders that were never paid belong under skip';

/** Words of `TYPE_WORDS` that mean something else in some shops. */
export const TYPE_GUESSES: Readonly<Record<string, string>> = {
  cancel: NEVER_PAID,
  cancelled: NEVER_PAID,
  canceled: NEVER_PAID,
  取消: NEVER_PAID,
  order: 'CHECK: taken for an order that is paid',
  下单: 'CHECK: taken for an order that is paid',
  collect: 'CHECK: taken for putting on a wish list',
};

export const CURRENCY_SIGNS: readonly (readonly [RegExp, string])[] = [
  [/[¥￥]|元/, 'CNY'],
  [/£/, 'GBP'],
  [/€/, 'EUR'],
  [/₹/, 'INR'],
  [/₩/, 'KRW'],
  [/\$/, 'USD'],
];

/** A shop most of whose rows name this country most likely sells in its currency. */
export const COUNTRY_CURRENCIES: Readonly<Record<string, string>> = {
  'united kingdom': 'GBP',
  gb: 'GBP',
  uk: 'GBP',
  'united states': 'USD',
  us: 'USD',
  usa: 'USD',
  china: 'CNY',
  cn: 'CNY',
  中国: 'CNY',
  japan: 'JPY',
  jp: 'JPY',
  germany: 'EUR',
  de: 'EUR',
  france: 'EUR',
  fr: 'EUR',
  india: 'INR',
  in: 'INR',
};
