module github.com/gohotfix/hotfix/internal/swaps

go 1.26.0

require (
	// WebSocket clients and server of the test service.
	github.com/coder/websocket v1.8.14
	// What is tried: the hand-over of a service to its successor.
	github.com/gohotfix/hotfix v0.0.0-00010101000000-000000000000
	// Assertions of the tests.
	github.com/stretchr/testify v1.12.1
	// gRPC clients and server of the test service.
	google.golang.org/grpc v1.82.1
	// The messages that they exchange.
	google.golang.org/protobuf v1.36.12
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/net v0.53.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.36.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260414002931-afd174a4e478 // indirect
)

replace github.com/gohotfix/hotfix => ../..
