package config

import "regexp"

// unsupportedKeys lists the keys that are part of the configuration as designed
// and that this version refuses, with [] for any index; the value is added to the
// message. A key leaves this table when the code that reads it arrives.
func unsupportedKeys() map[string]string {
	return map[string]string{
		"models[].predictions.filter":           "",
		"models[].ground_truth.filter":          "",
		"models[].retrain.breaker":              "",
		"models[].retrain.min_new_labels":       "",
		"models[].retrain.approve":              "",
		"models[].retrain.kubeflow.schedule":    "; hindcast schedule apply makes a recurring run of the schedule, which hindcast serve or a CronJob can run as well",
		"models[].rules[].false_discovery_rate": "",
	}
}

// indexPattern matches the index of a list in a path.
var indexPattern = regexp.MustCompile(`\[[0-9]+\]`)

// unsupportedKey reports whether this version refuses the key by name, and what to add.
func unsupportedKey(path string) (why string, listed bool) {
	why, listed = unsupportedKeys()[indexPattern.ReplaceAllString(path, "[]")]
	return why, listed
}
