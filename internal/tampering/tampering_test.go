package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify"
)

func TestAlterations(t *testing.T) {
	altered := map[string][]string{}
	for _, k := range kinds() {
		if k.long {
			continue
		}
		for i := range k.count([]byte("AbA")) {
			altered[k.name] = append(altered[k.name], string(k.alter([]byte("AbA"), []byte("xyz"), i)))
		}
	}
	assert.Len(t, altered["flipped bit"], 24)
	assert.Equal(t, []string{"@bA", "CbA", "EbA"}, altered["flipped bit"][:3])
	delete(altered, "flipped bit")
	assert.Equal(t, map[string][]string{
		"changed byte":         {"\x00bA", "AbA", "A\x00A", "AAA", "Ab\x00", "AbA"},
		"cut off at the end":   {"", "A", "Ab"},
		"cut off at the start": {"bA", "A", ""},
		"range cut out":        {"bA", "AbA", "AA", "AbA", "Ab", "AbA"},
		"range doubled":        {"AAbA", "AbA", "AbbA", "AbA", "AbAA", "AbA"},
		"ranges swapped":       {"bAA", "AbA", "AAb", "AbA", "AbA", "AbA"},
		"insertion": {
			"\x00AbA", " AbA", `"AbA`, "AAbA", "A\x00bA", "A bA", `A"bA`, "AAbA",
			"Ab\x00A", "Ab A", `Ab"A`, "AbAA", "AbA\x00", "AbA ", `AbA"`, "AbAA",
		},
		"halves of two": {"", "Ayz", "Abz"},
	}, altered)
}

func TestLongAlterations(t *testing.T) {
	data := []byte(`{"a":[1,2]}`)
	assert.Equal(t, []int{0, 1, 2, 4, 5, 6, 8, 11}, places(data))
	assert.Len(t, places(bytes.Repeat(data, 10)), maxPlaces)
	for _, k := range kinds() {
		for i := 0; k.long && i < k.count(data); i += 5 {
			n := len(k.alter(data, nil, i))
			assert.Greater(t, n, verify.MaxBundle-10, k.name)
			assert.Equal(t, k.name == "too long", n > verify.MaxBundle, "%s has %d bytes", k.name, n)
		}
	}
}

// letters is taken if it says "ab": in two parts that have names.
func letters(open func(context.Context, [][]byte) (bool, error)) *subject {
	return &subject{
		name:  "letters",
		parts: []part{{"1", "letter", []byte("a")}, {"2", "letter", []byte("b")}},
		twin:  [][]byte{[]byte("x"), []byte("y")}, open: open,
	}
}

func TestSeveralParts(t *testing.T) {
	s := letters(nil)
	got := map[string][]string{}
	for _, j := range []job{s.mix(), s.leaveOut(), s.misplace([]*subject{s})} {
		for i := range j.count {
			if contents := j.make(i); contents != nil {
				got[j.kind] = append(got[j.kind], string(bytes.Join(contents, []byte("|"))))
			}
		}
	}
	assert.Equal(t, map[string][]string{
		"parts of two mixed": {"x|b", "a|y"},
		"parts left out":     {"|b", "a|", "|"},
		"parts misplaced":    {"b|b", "a|a", "b|a"},
	}, got)
	assert.Equal(t, [][]byte{[]byte("a"), []byte("b")}, s.contents())
}

// What must not be is told.
func TestFindings(t *testing.T) {
	errRefused := errors.New("refused")
	isGood := func(contents [][]byte) bool { return string(bytes.Join(contents, nil)) == "ab" }
	for name, test := range map[string]struct {
		altered   func() error // what an altered one leads to
		mayBeSame bool
		verdict   string
		finding   string
	}{
		"refused":           {func() error { return errRefused }, false, "", ""},
		"accepted":          {func() error { return nil }, false, "altered releases were accepted", "accepted: letters, "},
		"the same":          {func() error { return nil }, true, "", ""},
		"panic":             {func() error { panic("ouch") }, false, "made the verification panic", "panic: ouch: letters, "},
		"takes much memory": {func() error { _ = bytes.Repeat([]byte("x"), maxMemory); return errRefused }, false, "are allowed", "refused after "},
	} {
		t.Run(name, func(t *testing.T) {
			s := letters(func(_ context.Context, contents [][]byte) (bool, error) {
				if isGood(contents) {
					return true, nil
				}
				return true, test.altered()
			})
			s.mayBeSame = test.mayBeSame
			jobs := []job{s.mix()}
			tally := newTally(1, jobs)
			require.NoError(t, tally.tryAll(t.Context(), jobs, 2))
			var out strings.Builder
			require.NoError(t, tally.write(&out))
			assert.Contains(t, out.String(), "parts of two mixed")
			if test.verdict == "" {
				require.NoError(t, tally.verdict())
				return
			}
			require.ErrorContains(t, tally.verdict(), test.verdict)
			assert.Contains(t, out.String(), test.finding)
		})
	}
}

// If nothing is accepted as it is, that nothing altered is says nothing.
func TestOriginalMustBeGood(t *testing.T) {
	errRefused := errors.New("refused")
	jobs := jobsOf([]*subject{letters(func(context.Context, [][]byte) (bool, error) { return false, errRefused })})
	require.ErrorIs(t, newTally(1, jobs).tryAll(t.Context(), jobs, 1), errRefused)
	require.Error(t, newTally(1, nil).verdict())
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{{"-parallel", "0"}, {"-sample", "0"}, {"x"}, {"-only", "nothing"}} {
		require.Error(t, run(t.Context(), args, io.Discard), args)
	}
}

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{"-only", "notice", "-sample", "499"}, &out))
	for _, s := range []string{"flipped bit", "stamped bundle of a document", "notice", "parts left out", "slowest"} {
		assert.Contains(t, out.String(), s)
	}
}
