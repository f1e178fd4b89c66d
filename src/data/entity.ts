// What one example may be.

/** A customer, a visit at a moment, or a customer and an item. */
export type ExampleEntity = 'user' | 'session' | 'user_item';
