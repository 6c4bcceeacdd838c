// A module of its own: only who changes a dashboard needs Grafana's SDK.
module github.com/hindcast/hindcast/deploy/grafana

go 1.26.0

require (
	github.com/goccy/go-yaml v1.19.2
	github.com/grafana/grafana-foundation-sdk/go v0.0.22
	github.com/hindcast/hindcast v0.0.0-00010101000000-000000000000
)

require (
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.73.1 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)

// The thresholds of the alerts, of this checkout.
replace github.com/hindcast/hindcast => ../..
