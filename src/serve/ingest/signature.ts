// Signatures of webhooks: HMAC-SHA256 of the body's bytes as they came, in base64.
import { createHmac, timingSafeEqual } from 'node:crypto';

const SHA256_BYTES = 32;

/**
 * Whether a signature is of this body by one of the secrets, found in a time that says nothing about how near it was.
 *
 * @param secrets the present secret, and during a change the one before
 */
export function isSigned(
  body: Uint8Array,
  signature: string | undefined,
  secrets: readonly string[],
): boolean {
  const given = Buffer.from(signature ?? '', 'base64');
  let isRight = false;
  for (const secret of secrets) {
    const made = createHmac('sha256', secret).update(body).digest();
    // Every secret is tried, whatever the one before said.
    if (given.length === SHA256_BYTES && timingSafeEqual(given, made)) isRight = true;
  }
  return isRight;
}
