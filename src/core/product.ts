// The product's own version, as saved models and reports state it; a test holds it equal to package.json.

export const PRODUCT_VERSION = '0.1.0';
