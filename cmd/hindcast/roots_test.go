package main

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
)

func TestAConfigurationWithANetworkHasRoots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hindcast.yaml")
	text := `version: 1
state: {url: 's3://state?region=eu-central-1'}
models:
  - name: house
    task: regression
    predictions: {url: 'file://./logs/*.parquet', columns: {id: id, timestamp: at, prediction: p}}
    ground_truth: {url: 'file://./labels/*.parquet', columns: {id: id, label: y}}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	app := &App{Env: func(string) (string, bool) { return "", false }}
	if _, err := app.load(path); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("no roots are set")
		}
	}()
	x509.SetFallbackRoots(x509.NewCertPool()) // panics where roots are set
}
