// Package hostilejson writes a JSON document in thousands of other ways, for
// tests that a decoder which must know one spelling knows no second one.
//
// [Spellings] takes a JSON object and yields byte strings that all differ from
// it. What is done belongs to a [Kind]; a kind says whether the result is still
// JSON, and whether encoding/json, decoding into structs with fields for
// strings, whole numbers, truth values and lists, reads the very same values:
//
//	same     an attack on every decoder that does not compare: keys in another
//	         case or order, duplicate and unknown keys, escapes, white space …
//	other    JSON that says something else, or nothing that the struct can hold
//	broken   no JSON: commas, comments, byte order marks, nesting beyond limits …
//
// The order is fixed. There are about 10 spellings for each byte of the document,
// and each is at most twice as long, or [MaxGrowth] bytes longer.
package hostilejson
