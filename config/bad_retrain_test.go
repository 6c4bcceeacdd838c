package config

import "testing"

// What is wrong with how a model is retrained.
func TestBadRetraining(t *testing.T) {
	testBad(t, []badCase{
		{
			"mode approve", "mode: auto", "mode: approve",
			`hindcast.yaml:41:13: models[0].retrain.mode: "approve" is not supported by this version; supported: off, suggest, auto`,
		},
		{
			"breaker", "      cooldown: 24h\n", "      cooldown: 24h\n      breaker: {runs: 3}\n",
			"hindcast.yaml:43:7: models[0].retrain.breaker: not supported by this version",
		},
		{
			"endpoint with a query", "endpoint: http://ml-pipeline.kubeflow:8888", "endpoint: http://kfp:8888/?token=hunter2",
			"hindcast.yaml:46:19: models[0].retrain.kubeflow.endpoint: the URL must end before any ? or #",
		},
		{
			"endpoint without a host", "endpoint: http://ml-pipeline.kubeflow:8888", "endpoint: http://:8888",
			"hindcast.yaml:46:19: models[0].retrain.kubeflow.endpoint: the URL names no host",
		},
		{
			"parameter that JSON cannot hold", "learning_rate: 0.1", "x: [1, .inf]",
			"hindcast.yaml:51:90: models[0].retrain.kubeflow.parameters.x[1]: .inf is read as different numbers by different programs: write it in decimal digits, or in quotes if it is text",
		},
		{
			"auto without a pipeline",
			"      kubeflow:\n        endpoint: http://ml-pipeline.kubeflow:8888\n        namespace: team-a\n        experiment: retraining\n        pipeline: retrain-house-price\n        version: latest\n        parameters: {model_name: \"{{ .Model }}\", data_until: \"{{ .Window.End }}\", learning_rate: 0.1}\n        service_account: pipeline-runner\n", "",
			"hindcast.yaml:41:13: models[0].retrain.mode: mode auto starts runs and needs retrain.kubeflow to say which; or choose suggest",
		},
		{
			"password in an endpoint", "endpoint: http://ml-pipeline.kubeflow:8888", "endpoint: http://u:hunter2@kfp",
			"hindcast.yaml:46:19: models[0].retrain.kubeflow.endpoint: the URL holds credentials; use the keys for them and their *_file twins",
		},
		{
			"endpoint without scheme", "endpoint: http://ml-pipeline.kubeflow:8888", "endpoint: ml-pipeline:8888",
			"hindcast.yaml:46:19: models[0].retrain.kubeflow.endpoint: the URL must begin with http:// or https://",
		},
		{
			"unknown template field", "{{ .Window.End }}", "{{ .Window.Ends }}",
			"hindcast.yaml:51:62: models[0].retrain.kubeflow.parameters.data_until: unknown field .Window.Ends; known: .Model, .Window.Start, .Window.End, .Rule, .Reason, .Key, .Attempt, .AsOf",
		},
		{
			"template that is cut off", "{{ .Window.End }}", "{{ .Window.End",
			"hindcast.yaml:51:62: models[0].retrain.kubeflow.parameters.data_until: bad template: unclosed action",
		},
		{
			"unknown method in a template", "{{ .Window.End }}", "{{ .Window.End.Foo }}",
			"hindcast.yaml:51:62: models[0].retrain.kubeflow.parameters.data_until: bad template: can't evaluate field Foo in type string",
		},
		{
			"loop in a template", "{{ .Window.End }}", "{{ range 5 }}x{{ end }}",
			"hindcast.yaml:51:62: models[0].retrain.kubeflow.parameters.data_until: only fields, functions and if are allowed in a template",
		},
		{
			"placeholder of recurring runs", "{{ .Window.End }}", "[[ScheduledTime]]",
			"hindcast.yaml:51:62: models[0].retrain.kubeflow.parameters.data_until: [[ScheduledTime]] is a placeholder of recurring runs, which this run would take literally; use a template such as {{ .Window.End }}",
		},
		{
			"parameter that reads two ways", "learning_rate: 0.1", "zip: 0150",
			"hindcast.yaml:51:88: models[0].retrain.kubeflow.parameters.zip: 0150 is read as different numbers by different programs: write it in decimal digits, or in quotes if it is text",
		},
	})
}
