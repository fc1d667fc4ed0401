package inline

// dictionary is what statements have in common, the most frequent last. It is a
// part of the format, and need not be what statements look like today: words
// that are not in it cost bytes and nothing else.
const dictionary = `"prerequisites":["supersedes":["withdrawals":[{"id":"reason":"notBefore":"expires":"-pgo=-tags=-X=main.version=` +
	`/amd64/v3windows/arm64windows/amd64_darwin_arm64darwin/arm64_linux_arm64linux/arm64.tar.gz.zip` +
	`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"_linux_amd64_from-v1.tar.zst","digest":{"sha256":"` +
	`"}}],"predicateType":"https://github.com/gohotfix/hotfix/release/v1","predicate":{"schema":"hotfix.release/v1","product":"` +
	`","channel":"stable","id":"-v1.","version":"v1.+hotfix.1","epoch":0,"sequence":17,"created":"202-0-1T:00Z","packages":[{"name":"` +
	`"}}],"source":{"package":"github.com//cmd/","commit":""},"toolchain":"go1.26.","flags":["-trimpath","-buildvcs=false","-mod=readonly","-ldflags=-s -w","CGO_ENABLED=0"]}}` +
	`","mode":"0755"}},{"name":"_linux_amd64.tar.zst","digest":{"sha256":"_from-v1..tar.zst","digest":"sha256:","size":,"target":"linux/amd64","delta":true,` +
	`"base":{"version":"v1.","digest":"sha256:","size":},"result":{"version":"v1.+hotfix.1","digest":"sha256:","size":,"mode":"0755"}}`
