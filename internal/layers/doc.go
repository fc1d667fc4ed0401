// Package layers holds tests of the whole module and no code: who imports whom,
// that everything exported is documented, and why each dependency is there.
package layers
