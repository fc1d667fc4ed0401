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
	github.com/google/go-containerregistry v0.21.9 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/opencontainers/go-digest v1.0.0 // indirect
	github.com/secure-systems-lab/go-securesystemslib v0.11.1 // indirect
	github.com/sigstore/protobuf-specs v0.5.2 // indirect
	github.com/sigstore/sigstore v1.10.11 // indirect
	github.com/youmark/pkcs8 v0.0.0-20240726163527-a2c0da244d78 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/crypto v0.55.0 // indirect
	golang.org/x/net v0.57.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/term v0.47.0 // indirect
	golang.org/x/text v0.41.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20260727163830-6c54dddc4772 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260720155508-bb71a54f79dc // indirect
)

replace github.com/gohotfix/hotfix => ../..
