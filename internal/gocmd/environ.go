package gocmd

import (
	"bufio"
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// placeVariables say where things are and how they are reached: folders,
// caches, proxies, credentials. They pass from the host into a build because
// none of them can change the bytes that it makes. Everything else, GOFLAGS,
// GOEXPERIMENT, GODEBUG, TZ, LANG and the rest, stays outside.
func placeVariables() []string {
	return []string{
		"PATH", "HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
		"USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "ProgramData", "ProgramFiles",
		"SystemRoot", "SystemDrive", "windir", "ComSpec", "PATHEXT", "WINEPREFIX",
		"GOPATH", "GOMODCACHE", "GOCACHE", "GOCACHEPROG", "GOPROXY", "GONOPROXY", "GOPRIVATE",
		"GOSUMDB", "GONOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC", "SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS",
	}
}

// Places picks from an environment the variables that say where things are,
// adds those of the user's go env file that the environment does not set, and
// returns them sorted. Variables that are empty are left out.
func Places(environ []string) []string {
	env := parse(environ)
	picked := map[string]string{}
	fromFile := goEnvFile(env)
	for _, key := range placeVariables() {
		value := lookup(env, key)
		if value == "" {
			value = fromFile[key]
		}
		if value != "" {
			picked[key] = value
		}
	}
	return join(picked)
}

// With returns env with variables added or replaced; later ones win.
func With(env []string, variables ...string) []string {
	all := parse(env)
	maps.Copy(all, parse(variables))
	return join(all)
}

// Lookup returns the value of a variable in an environment, or "".
func Lookup(env []string, key string) string { return lookup(parse(env), key) }

func parse(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, entry := range environ {
		if key, value, ok := strings.Cut(entry, "="); ok && key != "" {
			env[key] = value
		}
	}
	return env
}

func join(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for _, key := range slices.Sorted(maps.Keys(env)) {
		list = append(list, key+"="+env[key])
	}
	return list
}

// lookup ignores the case of names on Windows, as the system does.
func lookup(env map[string]string, key string) string {
	if value, ok := env[key]; ok || runtime.GOOS != "windows" {
		return value
	}
	for name, value := range env {
		if strings.EqualFold(name, key) {
			return value
		}
	}
	return ""
}

// goEnvFile reads what the user set with "go env -w". The go command itself
// is told not to read that file, since it may set flags too.
func goEnvFile(env map[string]string) map[string]string {
	path := lookup(env, "GOENV")
	if path == "off" {
		return nil
	}
	if path == "" {
		dir := configDir(env)
		if dir == "" {
			return nil
		}
		path = filepath.Join(dir, "go", "env")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	values := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		key, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		if ok && strings.HasPrefix(key, "GO") {
			values[key] = value
		}
	}
	return values
}

// configDir is os.UserConfigDir for an environment that is not the process's.
func configDir(env map[string]string) string {
	switch runtime.GOOS {
	case "windows":
		return lookup(env, "APPDATA")
	case "darwin", "ios":
		if home := env["HOME"]; home != "" {
			return filepath.Join(home, "Library", "Application Support")
		}
		return ""
	default:
		if dir := env["XDG_CONFIG_HOME"]; dir != "" {
			return dir
		}
		if home := env["HOME"]; home != "" {
			return filepath.Join(home, ".config")
		}
		return ""
	}
}
