// The routes that answer questions about a shop's people and items, one list for whoever serves a shop.
import { erasureRoutes } from './erasure-routes.ts';
import { inferenceRoutes } from './inference-routes.ts';
import { predictionRoutes } from './prediction-routes.ts';
import { recommendationRoutes } from './recommendation-routes.ts';
import type { Route } from './route.ts';
import { searchRoutes } from './search-routes.ts';
import { userRoutes } from './user-routes.ts';

export const shopRoutes: readonly Route[] = [
  ...predictionRoutes,
  ...recommendationRoutes,
  ...searchRoutes,
  ...userRoutes,
  ...erasureRoutes,
  ...inferenceRoutes,
];
