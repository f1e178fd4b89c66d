// The words the simulated shop is made of: categories, brands, colours, countries, in English and Chinese.

export interface CategoryWords {
  readonly en: string;
  readonly zh: string;
  /** Typical price in major units. */
  readonly priceMajor: number;
}

export const CATEGORIES: readonly CategoryWords[] = [
  { en: 'dress', zh: '连衣裙', priceMajor: 160 },
  { en: 'running shoes', zh: '跑步鞋', priceMajor: 320 },
  { en: 'phone case', zh: '手机壳', priceMajor: 35 },
  { en: 'coffee', zh: '咖啡', priceMajor: 60 },
  { en: 'face cream', zh: '面霜', priceMajor: 140 },
  { en: 'backpack', zh: '双肩包', priceMajor: 190 },
  { en: 'headphones', zh: '耳机', priceMajor: 380 },
  { en: 'desk lamp', zh: '台灯', priceMajor: 120 },
  { en: 'picture book', zh: '绘本', priceMajor: 45 },
  { en: 'tea set', zh: '茶具', priceMajor: 210 },
  { en: 'yoga mat', zh: '瑜伽垫', priceMajor: 95 },
  { en: 'frying pan', zh: '平底锅', priceMajor: 150 },
  { en: 'building blocks', zh: '积木', priceMajor: 130 },
  { en: 'cat food', zh: '猫粮', priceMajor: 110 },
  { en: 'watch', zh: '手表', priceMajor: 620 },
  { en: 'bed linen', zh: '床上四件套', priceMajor: 260 },
];

export const BRANDS = ['Alden', 'Brisa', 'Corvo', 'Dalia', 'Eskil', 'Fenmo', 'Gira', 'Hanlu'] as const;

export const TIER_WORDS = [
  { en: 'Everyday', zh: '日常款' },
  { en: 'Classic', zh: '经典款' },
  { en: 'Premium', zh: '尊享款' },
] as const;

export const COLOURS = [
  { en: 'black', zh: '黑色' },
  { en: 'white', zh: '白色' },
  { en: 'red', zh: '红色' },
  { en: 'blue', zh: '蓝色' },
  { en: 'green', zh: '绿色' },
  { en: 'grey', zh: '灰色' },
] as const;

export const COUNTRIES = ['CN', 'US', 'GB', 'DE', 'SG'] as const;
export const COUNTRY_SHARES = [0.55, 0.2, 0.1, 0.1, 0.05];
/** Reviews and searches are Chinese in these countries. */
export const speaksChinese = (country: number): boolean => country === 0 || country === 4;

export const DEVICES = ['mobile', 'desktop', 'tablet'] as const;
export const CHANNELS = ['direct', 'search', 'email', 'social', 'ads'] as const;
export const CHANNEL_SHARES = [0.35, 0.25, 0.15, 0.15, 0.1];
