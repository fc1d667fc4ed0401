package apply

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/gohotfix/hotfix/apply/internal/store"
)

// currentPath is the path of a file of the current version by way of the link; "" on
// Windows, where the link is a file with its text.
func currentPath(s *store.Store, rel string) string {
	if rel == "" || runtime.GOOS == "windows" {
		return ""
	}
	return s.Path(string(store.Current), filepath.FromSlash(rel))
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
