// The networks beside the transformer keep the contract of every recommender.
import { describeContract, SMALL_NETWORK } from '../../../../test/recommender-contract.ts';
import { networkRecommender } from '../neural/network-recommender.ts';
import { cnnKind } from './cnn.ts';
import { gruKind } from './gru.ts';
import { mlpKind } from './mlp.ts';

describeContract(networkRecommender(mlpKind, { ...SMALL_NETWORK, hidden: 32 }));
describeContract(networkRecommender(cnnKind, { ...SMALL_NETWORK, horizontal: 4, vertical: 2 }));
describeContract(networkRecommender(gruKind, { ...SMALL_NETWORK, hidden: 16 }));
