/*-------------------------------------------------------------------------
 *
 * mix.h
 *		Mixes two numbers into one, for hash tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIX_H
#define MIX_H

#include <stdint.h>

static inline uint64_t
Mix(uint64_t a, uint64_t b)
{
	a = (a ^ (a >> 32)) * UINT64_C(0x9E3779B97F4A7C15);
	b = (b ^ (b >> 29)) * UINT64_C(0xC2B2AE3D27D4EB4F);
	a = (a ^ b ^ (b >> 31)) * UINT64_C(0xD6E8FEB86659FD93);
	return a ^ (a >> 32);
}

#endif							/* MIX_H */
