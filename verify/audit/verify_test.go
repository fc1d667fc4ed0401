package audit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

func TestVerify(t *testing.T) {
	path, head := written(t)
	data := content(t, path)
	want := Summary{Start: Genesis(), Head: head, Lines: 5, First: clock(), Last: clock()}
	for name, options := range map[string][]Option{
		"alone":            nil,
		"its start":        {WithStart(Genesis())},
		"its head":         {WithHead(head)},
		"both":             {WithStart(Genesis()), WithHead(head)},
		"before any line":  {WithHead(Genesis())},
		"an earlier head":  {WithHead(headAfter(data, 2))},
		"options of a log": {WithClock(clock), WithHost("pay-16")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Verify(t.Context(), iotest.OneByteReader(bytes.NewReader(data)), options...)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// headAfter is the place of the nth line.
func headAfter(data []byte, n int) Head {
	return Head{N: int64(n), Digest: manifest.DigestOf(linesOf(data)[n-1])}
}

func TestVerifyEmpty(t *testing.T) {
	got, err := Verify(t.Context(), strings.NewReader(""))
	require.NoError(t, err)
	assert.Equal(t, Summary{Start: Genesis(), Head: Genesis()}, got)
	_, head := written(t)
	_, err = Verify(t.Context(), strings.NewReader(""), WithHead(head))
	assert.ErrorIs(t, err, ErrCut)
	_, err = Verify(t.Context(), strings.NewReader(""), WithStart(head), WithHead(head))
	assert.NoError(t, err)
	other := Head{N: head.N, Digest: manifest.DigestOf([]byte("other"))}
	_, err = Verify(t.Context(), strings.NewReader(""), WithStart(head), WithHead(other))
	assert.ErrorIs(t, err, ErrRewritten)
}

// rechained writes entries anew, as somebody who can write the whole file does.
func rechained(t *testing.T, after Head, all ...Entry) []byte {
	t.Helper()
	var data []byte
	for _, e := range all {
		e.Time = clock()
		line, err := encodeLine(after, e)
		require.NoError(t, err)
		data, after = append(data, line...), Head{N: after.N + 1, Digest: manifest.DigestOf(line)}
	}
	return data
}

func TestTampering(t *testing.T) {
	path, head := written(t)
	data := content(t, path)
	lines := linesOf(data)
	join := func(lines ...[]byte) []byte { return slices.Concat(lines...) }
	replace := func(from, to string) []byte {
		altered := bytes.Replace(data, []byte(from), []byte(to), 1)
		require.NotEqual(t, data, altered)
		return altered
	}
	forged := rechained(t, headAfter(data, 1), Entry{Event: Accepted})
	other := entries()
	other[1].Event = Accepted
	tests := map[string]struct {
		data []byte
		want error
		line int64
	}{
		"event altered":             {replace(`"refused"`, `"accepted"`), ErrAltered, 2},
		"reason altered":            {replace("empty basket", "other basket"), ErrAltered, 3},
		"last line altered":         {replace("version 4", "version 5"), ErrRewritten, 5},
		"number altered":            {replace(`"n":2`, `"n":1`), ErrInserted, 2},
		"key in capitals":           {replace(`"event"`, `"Event"`), ErrAltered, 1},
		"key twice":                 {replace(`"n":3`, `"n":3,"n":3`), ErrAltered, 3},
		"key unknown":               {replace(`"n":3`, `"x":0,"n":3`), ErrAltered, 3},
		"white space":               {replace(`"n":4`, `"n": 4`), ErrAltered, 4},
		"carriage return":           {replace("\n", "\r\n"), ErrAltered, 1},
		"empty line":                {replace("\n", "\n\n"), ErrAltered, 2},
		"escape":                    {replace("pay-17", `pay\u002d17`), ErrAltered, 4},
		"unprintable text":          {replace("pay-17", "pay\u202e17"), ErrAltered, 4},
		"unprintable escape":        {replace("pay-17", `pay\u000a17`), ErrAltered, 4},
		"invalid UTF-8":             {replace("pay-17", "pay\xff17"), ErrAltered, 4},
		"time with an offset":       {replace("14:13:20Z", "14:13:20+00:00"), ErrAltered, 1},
		"time with a fraction":      {replace("14:13:20Z", "14:13:20.5Z"), ErrAltered, 1},
		"no time":                   {replace("2026-09-21T14:13:20Z", ""), ErrAltered, 1},
		"no signers":                {replace(`["3f9c2a7d01be","a01b23c4d5e6"]`, "[]"), ErrAltered, 1},
		"signers null":              {replace(`["3f9c2a7d01be","a01b23c4d5e6"]`, "null"), ErrAltered, 1},
		"event that is no verb":     {replace(`"refused"`, `"Refused!"`), ErrAltered, 2},
		"number null":               {replace(`"n":1,`, `"n":null,`), ErrAltered, 1},
		"number zero":               {replace(`"n":1,`, `"n":0,`), ErrAltered, 1},
		"number negative":           {replace(`"n":1,`, `"n":-9223372036854775808,`), ErrAltered, 1},
		"number fractional":         {replace(`"n":2,`, `"n":2.0,`), ErrAltered, 2},
		"number huge":               {replace(`"n":2,`, `"n":9223372036854775807,`), ErrAltered, 2},
		"first line removed":        {join(lines[1:]...), ErrRemoved, 1},
		"line removed":              {join(lines[0], lines[1], lines[3], lines[4]), ErrRemoved, 3},
		"line before last removed":  {join(lines[0], lines[1], lines[2], lines[4]), ErrRemoved, 4},
		"lines swapped":             {join(lines[0], lines[2], lines[1], lines[3], lines[4]), ErrReordered, 2},
		"last line first":           {join(lines[4], lines[0], lines[1], lines[2], lines[3]), ErrReordered, 1},
		"line twice":                {join(lines[0], lines[1], lines[1], lines[2], lines[3], lines[4]), ErrInserted, 3},
		"forged line inserted":      {join(lines[0], forged, lines[1], lines[2], lines[3], lines[4]), ErrInserted, 3},
		"forged line exchanged":     {join(lines[0], forged, lines[2], lines[3], lines[4]), ErrAltered, 2},
		"log twice":                 {join(data, data), ErrInserted, 6},
		"newline removed":           {bytes.TrimSuffix(data, []byte("\n")), ErrCut, 5},
		"cut in a line":             {data[:len(data)-20], ErrCut, 5},
		"last line removed":         {join(lines[:4]...), ErrCut, 5},
		"all lines removed":         {nil, ErrCut, 1},
		"written anew":              {rechained(t, Genesis(), other...), ErrRewritten, 5},
		"start of another chain":    {rechained(t, Head{Digest: manifest.DigestOf([]byte("x"))}, entries()...), ErrAltered, 1},
		"continues nothing":         {rechained(t, Genesis(), Entry{Event: Continued}), ErrAltered, 1},
		"continues in the middle":   {join(lines[0], rechained(t, headAfter(data, 1), Entry{Event: Continued})), ErrInserted, 2},
		"goes on after its end":     {rechained(t, Genesis(), Entry{Event: Rotated}, Entry{Event: Accepted}), ErrInserted, 2},
		"line too long":             {join(lines[0], bytes.Repeat([]byte(" "), 2*MaxLine), data), ErrAltered, 2},
		"line too long at the end":  {join(data, bytes.Repeat([]byte(" "), 2*MaxLine)), ErrAltered, 6},
		"gap, then too long a line": {join(lines[0], lines[2], bytes.Repeat([]byte(" "), 2*MaxLine), []byte("\n"), lines[1]), ErrReordered, 2},
		"not JSON":                  {[]byte("Sep 21 14:13:20 host sshd\n"), ErrAltered, 1},
		"zeros of a torn write":     {join(data, make([]byte, 100)), ErrCut, 6},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			summary, err := Verify(t.Context(), bytes.NewReader(test.data), WithHead(head))
			require.ErrorIs(t, err, test.want)
			var damage *DamageError
			require.ErrorAs(t, err, &damage)
			assert.Equal(t, test.line, damage.Line, err.Error())
			assert.NotContains(t, err.Error(), "\n")
			if errors.Is(err, ErrCut) {
				return
			}
			assert.Zero(t, summary)
		})
	}
}

// Every flip of a bit is found, also without a remembered head but in the last
// line.
func TestFlippedBits(t *testing.T) {
	path, head := written(t)
	data := content(t, path)
	last := len(data) - len(linesOf(data)[4])
	step := 1
	if testing.Short() {
		step = 11
	}
	for i := 0; i < len(data)*8; i += step {
		flipped := bytes.Clone(data)
		flipped[i/8] ^= 1 << (i % 8)
		_, err := Verify(t.Context(), bytes.NewReader(flipped), WithHead(head))
		require.Error(t, err, "bit %d", i)
		if _, err := Verify(t.Context(), bytes.NewReader(flipped)); i/8 < last {
			require.Error(t, err, "bit %d", i)
		}
	}
}

// Every cut is found: inside a line by itself, between lines by the head.
func TestCuts(t *testing.T) {
	path, head := written(t)
	data := content(t, path)
	for i := range data {
		_, err := Verify(t.Context(), bytes.NewReader(data[:i]), WithHead(head))
		require.ErrorIs(t, err, ErrCut, "cut after %d bytes", i)
	}
}

func TestLinesStopsAtDamage(t *testing.T) {
	path, _ := written(t)
	data := bytes.Replace(content(t, path), []byte("empty basket"), []byte("other basket"), 1)
	var got []Line
	var failed error
	for line, err := range Lines(bytes.NewReader(data)) {
		if err != nil {
			failed = err
			continue
		}
		got = append(got, line)
	}
	require.ErrorIs(t, failed, ErrAltered)
	require.Len(t, got, 3, "the line after the altered one shows it")
	want := entries()[1]
	want.Time, want.Host = clock(), "pay-16"
	assert.Equal(t, Line{Entry: want, N: 2, Previous: headAfter(data, 1).Digest, Digest: headAfter(data, 2).Digest}, got[1])

	for range Lines(bytes.NewReader(data)) {
		break // a caller may stop at any line
	}
}

func TestVerifyPassesErrorsOn(t *testing.T) {
	path, _ := written(t)
	data := content(t, path)
	_, err := Verify(t.Context(), io.MultiReader(bytes.NewReader(data), iotest.ErrReader(errFault)))
	require.ErrorIs(t, err, errFault)
	assert.ErrorContains(t, err, "line 6")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Verify(ended, bytes.NewReader(data))
	assert.ErrorIs(t, err, context.Canceled)
}

func TestOptionsAreChecked(t *testing.T) {
	place := Head{N: 7, Digest: manifest.DigestOf([]byte("x"))}
	for name, test := range map[string]struct {
		options []Option
		want    string
	}{
		"nil":                      {[]Option{nil}, "an option is nil"},
		"no clock":                 {[]Option{WithClock(nil)}, "WithClock"},
		"no host":                  {[]Option{WithHost("")}, "WithHost"},
		"host with a newline":      {[]Option{WithHost("a\nb")}, "WithHost"},
		"host too long":            {[]Option{WithHost(strings.Repeat("h", MaxName+1))}, "WithHost"},
		"zero start":               {[]Option{WithStart(Head{})}, "WithStart"},
		"zero head":                {[]Option{WithHead(Head{})}, "WithHead"},
		"start without digest":     {[]Option{WithStart(Head{N: 1})}, "WithStart"},
		"negative":                 {[]Option{WithHead(Head{N: -1, Digest: place.Digest})}, "WithHead"},
		"another genesis":          {[]Option{WithStart(Head{Digest: place.Digest})}, "WithStart"},
		"too far":                  {[]Option{WithHead(Head{N: MaxN + 1, Digest: place.Digest})}, "WithHead"},
		"head in the file before":  {[]Option{WithStart(place), WithHead(Head{N: 6, Digest: place.Digest})}, "verify the file before it"},
		"head before, other order": {[]Option{WithHead(Head{N: 6, Digest: place.Digest}), WithStart(place)}, "verify the file before it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Verify(t.Context(), strings.NewReader(""), test.options...)
			require.ErrorContains(t, err, test.want)
			_, err = Open(t.Context(), t.TempDir()+"/log", test.options...)
			assert.ErrorContains(t, err, test.want)
		})
	}
}

// FuzzVerify requires that what is whole is what the entries in it are written
// as, and that the rest is refused with a place.
func FuzzVerify(f *testing.F) {
	path, _ := written(f)
	data := content(f, path)
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add(bytes.Replace(data, []byte("refused"), []byte("REFUSED"), 1))
	f.Add(bytes.ReplaceAll(data, []byte(`"n":1,`), []byte(`"n":0,`)))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		summary, err := Verify(t.Context(), bytes.NewReader(data))
		if err != nil {
			var damage *DamageError
			require.ErrorAs(t, err, &damage)
			require.Positive(t, damage.Line)
			return
		}
		var again []byte
		head := summary.Start
		for line, err := range Lines(bytes.NewReader(data)) {
			require.NoError(t, err)
			encoded, err := encodeLine(head, line.Entry)
			require.NoError(t, err)
			again, head = append(again, encoded...), line.head()
		}
		require.Equal(t, data, append([]byte{}, again...))
		require.Equal(t, summary.Head, head)
	})
}
