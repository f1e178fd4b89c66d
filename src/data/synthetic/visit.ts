// One visit as the shop's log shows it: a search or a list, views, a cart, perhaps an order with its refund and review.
import type { Random } from '../../core/random.ts';
import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { addRow, type EventBatch, TYPE_CODE } from './batch.ts';
import { drawCategory, drawItem } from './catalogue.ts';
import type { Customer, CustomerWorld } from './customer.ts';
import { writeReview } from './review.ts';
import { CATEGORIES, CHANNEL_SHARES, speaksChinese } from './words.ts';

/** What is settled about a visit before anything is looked at. */
export interface Visit {
  /** 1, 2, … in the customer's life. */
  readonly number: number;
  /** The point of the visit process: the order's moment when there is one, else the visit's last event. */
  readonly atMs: number;
  readonly percentOff: number;
  readonly buys: boolean;
}

interface Tools {
  readonly random: Random;
  readonly batch: EventBatch;
}

/** Quantity of an order line is 2 with this probability, else 1. */
export const SECOND_PIECE_SHARE = 0.15;
/** An order has one line and up to three further ones, each with probability `appetite`. */
export const FURTHER_LINES = 3;
/** A refund follows its order after 3 … 14 whole days, each as likely. */
export const REFUND_DAYS: readonly [number, number] = [3, 14];
/** How often each place of a list is clicked, whatever stands there. */
const POSITION_BIAS = [0.4, 0.22, 0.14, 0.1, 0.08, 0.06];

/** Adds the visit's events to the batch. */
export function browse(world: CustomerWorld, customer: Customer, visit: Visit, tools: Tools): void {
  const { batch } = tools;
  const from = batch.rows;
  if (customer.isBot) crawl(world, tools);
  else {
    const anonymous = tools.random.uniform() < world.scenario.anonymousShare;
    const loginRow = walk(world, customer, visit, tools);
    const lastAnonymous = anonymous ? loginRow : from;
    for (let row = from; row < lastAnonymous; row++) batch.user[row] = -1;
    for (let row = lastAnonymous; row < batch.rows; row++) batch.user[row] = customer.index;
  }
  // Offsets from the visit's start become moments: the last event happens at the visit's own point.
  const shift = visit.atMs - batch.timestamp[batch.rows - 1];
  const channel = tools.random.uniform() < 0.7 ? customer.channel : tools.random.choice(CHANNEL_SHARES);
  const end = batch.rows;
  for (let row = from; row < end; row++) {
    batch.timestamp[row] += shift;
    batch.owner[row] = customer.index;
    if (customer.isBot) batch.user[row] = customer.index;
    batch.device[row] = customer.device;
    batch.channel[row] = channel;
    batch.country[row] = customer.country;
    batch.visit[row] = visit.number;
    batch.line[row] = row - from + 1;
  }
  if (visit.buys) followUp(world, customer, tools, { from, end });
}

/** Views, carts and the order; returns the row from which on the customer is logged in, should they start without. */
function walk(world: CustomerWorld, customer: Customer, visit: Visit, tools: Tools): number {
  const { scenario, catalogue } = world;
  const { random, batch } = tools;
  const views = 1 + random.choice(visit.buys ? scenario.viewsBuying : scenario.viewsBrowsing);
  let seconds = 0;
  const step = (type: number): number => {
    seconds += 4 + random.integer(60);
    return addRow(batch, type, seconds * SECOND_MS);
  };
  const show = (row: number, item: number): void => {
    batch.item[row] = item;
    batch.priceMinor[row] = (catalogue.priceMinor[item] * (100 - visit.percentOff)) / 100;
    batch.percentOff[row] = visit.percentOff;
  };

  let category = drawCategory(catalogue, customer.taste, random);
  let item = drawItem(catalogue, category, customer.taste, random);
  if (random.uniform() < scenario.searchShare) {
    const meant = scenario.searchLeads ? category : drawCategory(catalogue, customer.taste, random);
    const row = step(TYPE_CODE.search);
    batch.query[row] = CATEGORIES[meant][speaksChinese(customer.country) ? 'zh' : 'en'];
  }
  if (random.uniform() < scenario.listShare) {
    const clicked = random.choice(POSITION_BIAS);
    seconds += 2 + random.integer(20);
    for (let place = 0; place < POSITION_BIAS.length; place++) {
      const row = addRow(batch, TYPE_CODE.impression, seconds * SECOND_MS);
      show(row, place === clicked ? item : random.integer(catalogue.count));
      batch.position[row] = place + 1;
    }
    const row = step(TYPE_CODE.click);
    show(row, item);
    batch.position[row] = clicked + 1;
  }

  // The last views are what gets bought, newest first: [lines].
  const seen: number[] = [];
  for (let view = 0; view < views; view++) {
    if (view > 0) {
      const turn = random.uniform();
      if (turn >= scenario.stay + scenario.follow) category = drawCategory(catalogue, customer.taste, random);
      else if (turn >= scenario.stay) category = catalogue.successor[category];
      item = drawItem(catalogue, category, customer.taste, random);
    }
    show(step(TYPE_CODE.view), item);
    seen.push(item);
  }
  if (visit.buys) return order(customer, seen, tools, { step, show });
  if (random.uniform() < scenario.cartShare) {
    const row = step(TYPE_CODE.add_to_cart);
    show(row, item);
    batch.quantity[row] = 1;
    const then = random.uniform();
    if (then < 0.25) show(step(TYPE_CODE.remove_from_cart), item);
    else if (then < 0.4) step(TYPE_CODE.begin_checkout);
  } else if (random.uniform() < 0.03) show(step(TYPE_CODE.wishlist), item);
  return batch.rows;
}

interface Pen {
  readonly step: (type: number) => number;
  readonly show: (row: number, item: number) => void;
}

/** The cart, the login, the checkout and the order's lines, which share one moment. */
function order(customer: Customer, seen: readonly number[], { random, batch }: Tools, pen: Pen): number {
  let lines = 1;
  for (let i = 0; i < FURTHER_LINES; i++) if (random.uniform() < customer.appetite) lines++;
  const bought = new Map<number, number>();
  for (const item of seen.slice(-lines)) {
    bought.set(item, (bought.get(item) ?? 0) + (random.uniform() < SECOND_PIECE_SHARE ? 2 : 1));
  }
  for (const [item, quantity] of bought) {
    const row = pen.step(TYPE_CODE.add_to_cart);
    pen.show(row, item);
    batch.quantity[row] = quantity;
  }
  const login = pen.step(TYPE_CODE.identify);
  pen.step(TYPE_CODE.begin_checkout);
  let moment = -1;
  for (const [item, quantity] of bought) {
    const row = moment < 0 ? pen.step(TYPE_CODE.purchase) : addRow(batch, TYPE_CODE.purchase, moment);
    moment = batch.timestamp[row];
    pen.show(row, item);
    batch.quantity[row] = quantity;
    batch.ordered[row] = 1;
  }
  return login;
}

/** Refunds of whole lines, and reviews. */
function followUp(
  world: CustomerWorld,
  customer: Customer,
  { random, batch }: Tools,
  visit: { readonly from: number; readonly end: number },
): void {
  const { scenario, catalogue } = world;
  let line = visit.end - visit.from;
  for (let row = visit.from; row < visit.end; row++) {
    if (batch.type[row] !== TYPE_CODE.purchase) continue;
    const refunded = random.uniform() < scenario.refundShare;
    if (refunded) {
      const [fewest, most] = REFUND_DAYS;
      const days = fewest + random.integer(most - fewest + 1);
      const refund = addRow(batch, TYPE_CODE.refund, batch.timestamp[row] + days * DAY_MS);
      copyOrderLine(batch, row, refund);
      batch.quantity[refund] = batch.quantity[row];
      batch.priceMinor[refund] = batch.priceMinor[row];
      batch.line[refund] = ++line;
    }
    if (random.uniform() < scenario.reviewShare) {
      const delayMs = Math.floor((4 + 20 * random.uniform()) * DAY_MS);
      const review = addRow(batch, TYPE_CODE.review, batch.timestamp[row] + delayMs);
      copyOrderLine(batch, row, review);
      batch.line[review] = ++line;
      const item = batch.item[row];
      const written = writeReview(
        {
          quality: catalogue.quality[item],
          leniency: customer.leniency,
          refunded,
          chinese: speaksChinese(customer.country),
        },
        CATEGORIES[catalogue.category[item]],
        random,
      );
      batch.rating[review] = written.rating;
      batch.text[review] = written.text;
    }
  }
}

function copyOrderLine(batch: EventBatch, from: number, to: number): void {
  batch.owner[to] = batch.owner[from];
  batch.user[to] = batch.user[from];
  batch.device[to] = batch.device[from];
  batch.channel[to] = batch.channel[from];
  batch.country[to] = batch.country[from];
  batch.visit[to] = batch.visit[from];
  batch.item[to] = batch.item[from];
  batch.ordered[to] = 1;
}

/** A bot: dozens of views of anything, a second apart. */
function crawl(world: CustomerWorld, { random, batch }: Tools): void {
  const views = 30 + random.integer(60);
  for (let view = 0; view < views; view++) {
    const row = addRow(batch, TYPE_CODE.view, view * SECOND_MS);
    const item = random.integer(world.catalogue.count);
    batch.item[row] = item;
    batch.priceMinor[row] = world.catalogue.priceMinor[item];
  }
}
