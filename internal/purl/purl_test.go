package purl_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gohotfix/hotfix/internal/purl"
)

func TestAddresses(t *testing.T) {
	assert.Equal(t, "pkg:golang/github.com/burntsushi/toml@v1.5.0", purl.Go("github.com/BurntSushi/toml", "v1.5.0"))
	assert.Equal(t, "pkg:golang/example.com/a@v1.0.0%2Bincompatible", purl.Go("example.com/a", "v1.0.0+incompatible"))
	assert.Equal(t, "pkg:golang/example.com/a", purl.Go("example.com/a", ""))
	assert.Equal(t, "pkg:golang/example.com/a", purl.Go("example.com/a", "(devel)"))
	assert.Equal(t, "pkg:golang/example.com/%C3%A4", purl.Go("example.com/ä", ""))
	assert.Equal(t, "pkg:generic/go@1.26.8", purl.Generic("go", "1.26.8"))
	assert.Equal(t, "pkg:generic/go@devel+go1.27-abc", purl.Generic("go", "devel go1.27-abc"))
}
