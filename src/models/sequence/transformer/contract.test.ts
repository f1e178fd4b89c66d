// The behaviour transformer keeps the contract of every recommender.
import { describeContract, SMALL_NETWORK } from '../../../../test/recommender-contract.ts';
import { transformerWith } from './transformer.ts';

describeContract(transformerWith({ ...SMALL_NETWORK, blocks: 1 }));
