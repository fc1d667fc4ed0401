package hostilejson

// Reading is what encoding/json makes of the spellings of a kind.
type Reading int

// Readings.
const (
	Same   Reading = iota // reads the values of the original
	Other                 // reads JSON, but other values, or refuses the type of one
	Broken                // refuses it as no JSON
)

// Kind is what was done to a document.
type Kind struct {
	Name    string
	Reading Reading
}

// Kinds returns all kinds, in the order in which they are yielded.
func Kinds() []Kind {
	var kinds []Kind
	for _, g := range generators() {
		kinds = append(kinds, g.Kind)
	}
	return kinds
}

// generator yields the spellings of one kind, until yield returns false.
type generator struct {
	Kind
	run func(d document, yield func(string, []byte) bool) bool
}

func generators() []generator {
	return []generator{
		{Kind{"case of a key", Same}, document.keyCases},
		{Kind{"letter that folds to another", Same}, document.keyFolds},
		{Kind{"duplicate key, same value", Same}, document.duplicates},
		{Kind{"duplicate key, other value first", Same}, document.duplicatesFirst},
		{Kind{"duplicate key, other value last", Other}, document.duplicatesLast},
		{Kind{"unknown key", Same}, document.unknownKeys},
		{Kind{"order of keys", Same}, document.orders},
		{Kind{"escape", Same}, document.escapes},
		{Kind{"white space", Same}, document.whiteSpace},
		{Kind{"negative zero", Same}, document.negativeZeros},
		{Kind{"other form of a number", Other}, document.numbers},
		{Kind{"lone surrogate", Other}, document.surrogates},
		{Kind{"invalid UTF-8", Other}, document.invalidUTF8},
		{Kind{"null", Other}, document.nulls},
		{Kind{"wrong type", Other}, document.wrongTypes},
		{Kind{"nesting", Other}, document.nesting},
		{Kind{"nesting too deep", Broken}, document.deepNesting},
		{Kind{"no number of JSON", Broken}, document.noNumbers},
		{Kind{"comma", Broken}, document.commas},
		{Kind{"comment", Broken}, document.comments},
		{Kind{"no white space of JSON", Broken}, document.otherSpace},
		{Kind{"quotes", Broken}, document.quotes},
		{Kind{"byte order mark or other encoding", Broken}, document.encodings},
		{Kind{"trailing data", Broken}, document.trailing},
		{Kind{"cut", Broken}, document.cuts},
	}
}
