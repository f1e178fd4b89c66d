// Neurons turned where pretraining looked: in pairs, as long as they were drawn, and only half of them.
import { expect, test } from 'vitest';
import { random } from '../../core/random.ts';
import { turnNeurons } from './head-start.ts';

const [STATES, FEATURES, HIDDEN, ANSWERS] = [6, 3, 8, 2];
const draws = random(3);
const normals = (count: number) => Float32Array.from({ length: count }, () => draws.normal());
const drawn = normals((STATES + FEATURES) * HIDDEN);
const outlook = normals(STATES * ANSWERS);
const neuron = (weights: Float32Array, k: number) =>
  Float64Array.from({ length: STATES }, (_, i) => weights[i * HIDDEN + k]);
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);

test('half of the neurons lie in the plane of the answers, one against the other, and the rest is as it was', () => {
  const turned = turnNeurons(drawn, { outlook, states: STATES, hidden: HIDDEN, draws: random(5) });
  const [first, second] = [0, 1].map((k) =>
    Float64Array.from({ length: STATES }, (_, i) => outlook[i * 2 + k]),
  );
  // What is left of a direction once both answers are taken out of it.
  const ortho = second.map((value, i) => value - (first[i] * dot(first, second)) / dot(first, first));
  for (let k = 0; k < HIDDEN; k++) {
    const own = neuron(turned, k);
    const inPlane = dot(own, first) ** 2 / dot(first, first) + dot(own, ortho) ** 2 / dot(ortho, ortho);
    expect(dot(own, own)).toBeCloseTo(dot(neuron(drawn, k), neuron(drawn, k)), 4);
    if (k < HIDDEN / 2) expect(inPlane / dot(own, own)).toBeCloseTo(1, 5);
    else expect([...own]).toEqual([...neuron(drawn, k)]);
  }
  for (let pair = 0; pair < HIDDEN / 4; pair++) {
    const [one, other] = [neuron(turned, 2 * pair), neuron(turned, 2 * pair + 1)];
    expect(dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other))).toBeCloseTo(-1, 5);
  }
  expect([...turned.slice(STATES * HIDDEN)]).toEqual([...drawn.slice(STATES * HIDDEN)]);
});

test('an outlook that says nothing turns nothing', () => {
  const mute = { outlook: new Float32Array(STATES * ANSWERS), states: STATES, hidden: HIDDEN, draws };
  expect(turnNeurons(drawn, mute)).toEqual(drawn);
});
