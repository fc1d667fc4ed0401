module github.com/gohotfix/hotfix

go 1.26.0
