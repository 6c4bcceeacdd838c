package config_test

import (
	"fmt"

	"github.com/hindcast/hindcast/config"
)

func ExampleParse() {
	file := []byte(`version: 1
state: {url: file://./state}
models:
  - name: house-price
    task: regression
    predictions: {url: "logs/{date}/*.csv", columns: {id: id, prediction: price}}
    ground_truth: {url: sales.csv, columns: {id: id, label: price}, delay: 7 days}
    windw: 1d
`)
	_, err := config.Parse("hindcast.yaml", file, ".", func(string) (string, bool) { return "", false })
	fmt.Println(err)
	// Output:
	// hindcast.yaml:7:76: models[0].ground_truth.delay: "7 days" is no duration (did you mean "7d"?)
	// hindcast.yaml:8:5: models[0]: unknown key "windw" (did you mean "window"?)
}
