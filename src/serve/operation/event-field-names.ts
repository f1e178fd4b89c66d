// Names of members that formats of events have: what else a sender writes may be somebody's data, and is shown to nobody.
import { EVENT_COLUMNS } from '../../data/event.ts';

const OF_FORMATS = `
sent_at price consent analytics personalization batch events type event userId anonymousId messageId previousId timestamp
originalTimestamp sentAt properties traits context products product_id sku name category brand variant coupon quantity price
currency value revenue total subtotal tax shipping discount order_id checkout_id cart_id query session_id sessionId review_body
rating position image_url url device campaign location library page medium source country client_id user_id app_instance_id
timestamp_micros params items item_id item_name item_category item_brand transaction_id search_term index user_location
country_id category_purchase ad_personalization ad_user_data non_personalized_ads user_properties line_items refunds
refund_line_items order_adjustments customer customer_id id email variation_id total_price total_tax created_at updated_at
date_created date_created_gmt processed_at financial_status cancelled_at status test billing shipping_address USER_ID ITEM_ID
TIMESTAMP EVENT_TYPE EVENT_VALUE
`;

export const EVENT_FIELD_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(EVENT_COLUMNS),
  ...OF_FORMATS.trim().split(/\s+/),
]);
