package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHandler(t *testing.T) {
	h := newHandler(config{Greeting: "good day"})
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/", "", http.StatusOK, "good day\n"},
		{"POST", "/", "some text", http.StatusOK, "good day\nsome text"},
		{"POST", "/", strings.Repeat("x", maxBody+1), http.StatusBadRequest, "too large"},
		{"GET", "/healthz", "", http.StatusOK, "ok\n"},
		{"GET", "/version", "", http.StatusOK, "dev "},
		{"DELETE", "/", "", http.StatusMethodNotAllowed, ""},
		{"GET", "/other", "", http.StatusNotFound, ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(test.method, test.path, strings.NewReader(test.body)))
		assert.Equal(t, test.status, w.Code, "%s %s", test.method, test.path)
		assert.Contains(t, w.Body.String(), test.want)
	}
}

func TestLoadConfig(t *testing.T) {
	for _, test := range []struct{ name, text, want, problem string }{
		{"greeting", `{"greeting":"hi"}`, "hi", ""},
		{"default", `{}`, "hello", ""},
		{"typing error", `{"greting":"hi"}`, "", "greting"},
		{"two", `{} {}`, "", "after the configuration"},
		{"cut", `{"greeting":`, "", "EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := loadConfig(write(t, test.text))
			if test.problem != "" {
				assert.ErrorContains(t, err, test.problem)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, c.Greeting)
		})
	}
	_, err := loadConfig(filepath.Join(t.TempDir(), "none"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "service.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}
