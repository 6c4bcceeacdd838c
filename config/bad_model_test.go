package config

import "testing"

// What is wrong with what a model is and where its rows are.
func TestBadModels(t *testing.T) {
	testBad(t, []badCase{
		{
			"relook without a unit", "    window: 1d\n", "    window: 1d\n    relook: 14\n",
			"hindcast.yaml:25:13: models[0].relook: the duration 14 has no unit: want a duration such as 30m, 24h, 7d or 1h30m (units w, d, h, m, s, ms, largest first)",
		},
		{
			"missing key", "      url: s3://logs/house-price/dt={date}/*.parquet\n", "",
			"hindcast.yaml:10:7: models[0].predictions: url is missing",
		},
		{
			"missing column", "id: request_id, label", "label",
			"hindcast.yaml:21:16: models[0].ground_truth.columns: id is missing",
		},
		{
			"no column of an id", "id: request_id\n", "id: []\n",
			"hindcast.yaml:14:13: models[0].predictions.columns.id: the list is empty: give it columns",
		},
		{
			"a column of an id twice", "id: request_id\n", "id: [store, store]\n",
			`hindcast.yaml:14:21: models[0].predictions.columns.id[1]: "store" is listed twice`,
		},
		{
			"more columns of an id on one side", "id: request_id\n", "id: [store, day]\n",
			"hindcast.yaml:21:21: models[0].ground_truth.columns.id: the ids here have one column (request_id), and those of predictions 2 columns (store, day): name as many on both sides, in the same order",
		},
		{
			"within of no length", "      delay: 7d\n", "      delay: 7d\n      match: {within: 0s}\n",
			"hindcast.yaml:23:23: models[0].ground_truth.match.within: must be longer than 0",
		},
		{
			"within without a timestamp of labels", ", timestamp: sold_at, ingested_at: loaded_at, op: op}\n", "}\n      match: {within: 1d}\n",
			"hindcast.yaml:22:15: models[0].ground_truth.match.within: it compares the times of predictions and labels: map timestamp in ground_truth.columns",
		},
		{
			"within without a timestamp of predictions", "        timestamp: predicted_at\n        prediction: predicted_price\n        model_version: version\n      features: auto\n    ground_truth:\n",
			"        prediction: predicted_price\n    ground_truth:\n      match: {within: 1d}\n",
			"hindcast.yaml:17:15: models[0].ground_truth.match.within: it compares the times of predictions and labels: map timestamp in predictions.columns",
		},
		{
			"match of nothing", "      delay: 7d\n", "      delay: 7d\n      match: {}\n",
			"hindcast.yaml:23:14: models[0].ground_truth.match: within is missing",
		},
		{
			"label that is in the id", "{id: request_id, label: sold_price", "{id: [request_id, sold_price], label: sold_price",
			"hindcast.yaml:21:21: models[0].ground_truth.columns.id: the ids here have 2 columns (request_id, sold_price), and those of predictions one column (request_id): name as many on both sides, in the same order\n" +
				`hindcast.yaml:21:54: models[0].ground_truth.columns.label: the column "sold_price" is the id; it cannot be the label too`,
		},
		{
			"window without unit", "window: 1d", "window: 24",
			"hindcast.yaml:24:13: models[0].window: the window 24 has no unit: want 1h, 1d, 7d, 1mo ...",
		},
		{
			"task of nobody", "task: regression", "task: regresion",
			`hindcast.yaml:6:11: models[0].task: unknown value "regresion" (did you mean "regression"?)`,
		},
		{
			"task of another name", "    task: regression\n", "    task: classification\n    threshold: 0.5\n    windw: 1d\n",
			"hindcast.yaml:6:11: models[0].task: \"classification\" is either binary, of two classes, or multiclass\n" +
				`hindcast.yaml:8:5: models[0]: unknown key "windw" (did you mean "window"?)`,
		},
		{
			"window of two units", "window: 1d", "window: 1w2d",
			`hindcast.yaml:24:13: models[0].window: "1w2d" is no window, which is one number with one unit (did you mean "9d"?)`,
		},
		{
			"window of a day and a half", "window: 1d", "window: 1d12h",
			`hindcast.yaml:24:13: models[0].window: "1d12h" is no window, which is one number with one unit (did you mean "36h"?)`,
		},
		{
			"window in words", "window: 1d", "window: Daily",
			`hindcast.yaml:24:13: models[0].window: "Daily" is no window, which is one number with one unit (did you mean "1d"?)`,
		},
		{
			"choice in a URL", "house-price/*.parquet", "house-price/*.{csv,parquet}",
			`hindcast.yaml:26:12: models[0].reference.url: {csv,parquet} chooses between names, which a URL cannot: write * there`,
		},
		{
			"positive_label", "    task: regression\n", "    task: regression\n    positive_label: \"1\"\n",
			"hindcast.yaml:7:5: models[0].positive_label: belongs to the task binary; this model's is regression",
		},
		{
			"bounds of nothing", "      features: auto\n", "      features: auto\n      bounds: {}\n",
			"hindcast.yaml:19:15: models[0].predictions.bounds: min and max are missing: give one of them, or both",
		},
		{
			"bounds that are turned", "      features: auto\n", "      features: auto\n      bounds: {min: 2, max: 1}\n",
			"hindcast.yaml:19:24: models[0].predictions.bounds.max: must be above min, 2, got 1",
		},
		{
			"bound that is no number", "      features: auto\n", "      features: auto\n      bounds: {min: low}\n",
			`hindcast.yaml:19:21: models[0].predictions.bounds.min: want a number, got "low"`,
		},
		{
			"threshold of a score", "    task: regression\n", "    task: regression\n    threshold: 0.5\n",
			"hindcast.yaml:7:5: models[0].threshold: belongs to the task binary; this model's is regression",
		},
		{
			"score", "        timestamp: predicted_at\n", "        timestamp: predicted_at\n        score: p\n",
			"hindcast.yaml:16:9: models[0].predictions.columns.score: belongs to the task binary; this model's is regression",
		},
		{
			"entity that is the id", "        timestamp: predicted_at\n", "        timestamp: predicted_at\n        entity: request_id\n",
			`hindcast.yaml:16:17: models[0].predictions.columns.entity: the column "request_id" is the id, which tells each row from the others; name the column of what rows are about, such as a customer, or leave entity out`,
		},
		{
			"entity that is the prediction", "        timestamp: predicted_at\n", "        timestamp: predicted_at\n        entity: predicted_price\n",
			`hindcast.yaml:16:17: models[0].predictions.columns.entity: the column "predicted_price" is mapped already; name the column of what rows are about, such as a customer`,
		},
		{
			"entity that is empty", "        timestamp: predicted_at\n", "        timestamp: predicted_at\n        entity: ''\n",
			"hindcast.yaml:16:17: models[0].predictions.columns.entity: is empty: give it a value or leave the key out",
		},
		{
			"format of the future", "format: auto", "format: kserve",
			`hindcast.yaml:11:15: models[0].predictions.format: "kserve" is not supported by this version; supported: auto, parquet, csv, jsonl`,
		},
		{
			"model name with a space", "name: house-price", "name: house price",
			"hindcast.yaml:5:11: models[0].name: a model's name has lower-case letters, digits, '-', '.' and '_', at most 63, and begins and ends with a letter or a digit",
		},
		{
			"time zone in the schedule", `"0 3 * * *"`, `"CRON_TZ=UTC 0 3 * * *"`,
			"hindcast.yaml:7:15: models[0].schedule: the time zone stands beside the schedule, in time_zone, not in it",
		},
		{
			"schedule with seconds", `"0 3 * * *"`, `"0 0 3 * * *"`,
			`hindcast.yaml:7:15: models[0].schedule: six fields; a schedule has five, without seconds: "0 3 * * *"`,
		},
		{
			"schedule that never fires", `"0 3 * * *"`, `"0 0 30 2 *"`,
			"hindcast.yaml:7:15: models[0].schedule: the schedule never fires: there is no such day",
		},
		{
			"unknown time zone", "time_zone: UTC", "time_zone: Europe/Olso",
			`hindcast.yaml:8:16: models[0].time_zone: unknown time zone "Europe/Olso" (did you mean "Europe/Oslo"?); want a name of the IANA database, such as UTC or Europe/Oslo`,
		},
		{
			"time zone of the windows in another case", "    window: 1d\n", "    window: 1d\n    window_time_zone: europe/oslo\n",
			`hindcast.yaml:25:23: models[0].window_time_zone: unknown time zone "europe/oslo" (did you mean "Europe/Oslo"?); want a name of the IANA database, such as UTC or Europe/Oslo`,
		},
		{
			"time zone of the windows by its place", "    window: 1d\n", "    window: 1d\n    window_time_zone: New York\n",
			`hindcast.yaml:25:23: models[0].window_time_zone: unknown time zone "New York" (did you mean "America/New_York"?); want a name of the IANA database, such as UTC or Europe/Oslo`,
		},
		{
			"time zone of nowhere", "    window: 1d\n", "    window: 1d\n    window_time_zone: Middle Earth\n",
			`hindcast.yaml:25:23: models[0].window_time_zone: unknown time zone "Middle Earth"; want a name of the IANA database, such as UTC or Europe/Oslo`,
		},
		{
			"offset for a time zone", "    window: 1d\n", "    window: 1d\n    window_time_zone: CET+1\n",
			`hindcast.yaml:25:23: models[0].window_time_zone: "CET+1" is an offset from UTC: name a place whose clocks count, such as Europe/Oslo, or Etc/GMT-1, which is UTC+01:00 all year`,
		},
		{
			"window that fits no day of a zone", "    window: 1d\n", "    window: 36h\n    window_time_zone: Europe/Oslo\n",
			"hindcast.yaml:24:13: models[0].window: windows of 36h cannot be cut in the zone Europe/Oslo: days there begin at midnight, so a window is whole days or shorter than a day",
		},
		{
			"time zone of partitions", "delay: 7d", "delay: 7d\n      partition_time_zone: Oslo/Europe",
			`hindcast.yaml:23:28: models[0].ground_truth.partition_time_zone: unknown time zone "Oslo/Europe"; want a name of the IANA database, such as UTC or Europe/Oslo`,
		},
		{
			"time zone of no partitions", "sales/dt={date}/*.csv\n", "sales/*.csv\n      partition_time_zone: Europe/Oslo\n",
			"hindcast.yaml:21:7: models[0].ground_truth.partition_time_zone: partition_time_zone is of {date}, {hour} and the like in url, which has none",
		},
		{
			"time zone of the machine", "time_zone: UTC", "time_zone: Local",
			"hindcast.yaml:8:16: models[0].time_zone: the time zone must be named, such as UTC or Europe/Oslo: Local differs from machine to machine",
		},
		{
			"unknown placeholder", "logs/house-price/dt={date}", "logs/house-price/dt={dt}",
			"hindcast.yaml:10:12: models[0].predictions.url: unknown placeholder {dt}; known: {date}, {hour}, {year}, {month}, {day}",
		},
		{
			"hour without date", "logs/house-price/dt={date}", "logs/house-price/h={hour}",
			"hindcast.yaml:10:12: models[0].predictions.url: {hour} needs the date too: {date}, or {year}, {month} and {day}",
		},
		{
			"placeholder in the reference", "training/house-price/*", "training/{date}/*",
			"hindcast.yaml:26:12: models[0].reference.url: {date} has no window to take its value from here; use *",
		},
		{
			"reference of two kinds", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      profile: saved\n",
			"hindcast.yaml:27:7: models[0].reference.profile: url is given too; a reference is rows or a profile, not both",
		},
		{
			"reference of no kind", "      url: s3://training/house-price/*.parquet\n", "      format: csv\n",
			"hindcast.yaml:26:7: models[0].reference: url or profile is missing",
		},
		{
			"format of a profile", "      url: s3://training/house-price/*.parquet\n", "      profile: saved\n      format: csv\n",
			"hindcast.yaml:27:7: models[0].reference.format: a profile has no format; it belongs to url",
		},
		{
			"columns of a profile", "      url: s3://training/house-price/*.parquet\n", "      profile: saved\n      columns: {label: target}\n",
			"hindcast.yaml:27:7: models[0].reference.columns: a profile has its columns in it; the key belongs to url, from which hindcast baseline made it",
		},
		{
			"strata of a profile", "      url: s3://training/house-price/*.parquet\n", "      profile: saved\n      strata: weekend\n",
			"hindcast.yaml:27:7: models[0].reference.strata: a profile has its strata in it; the key belongs to url, from which hindcast baseline made it",
		},
		{
			"strata of no kind", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      strata: weekends\n",
			`hindcast.yaml:27:15: models[0].reference.strata: unknown value "weekends" (did you mean "weekend"?)`,
		},
		{
			"strata shorter than windows", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      strata: hour_of_day\n",
			"hindcast.yaml:27:15: models[0].reference.strata: hour_of_day serves windows shorter than 1d, and those of this model are 1d: each has all of them; leave the key out, or write none",
		},
		{
			"reference whose label is the prediction", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      columns: {label: predicted_price}\n",
			`hindcast.yaml:27:16: models[0].reference.columns: the column "predicted_price" cannot be both the prediction and the label`,
		},
		{
			"unknown column of a reference", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      columns: {lable: y}\n",
			`hindcast.yaml:27:17: models[0].reference.columns: unknown key "lable" (did you mean "label"?)`,
		},
		{
			"rolling reference of too few windows", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      rolling: {windows: 7}\n",
			"hindcast.yaml:27:26: models[0].reference.rolling.windows: must be at least 8, got 7",
		},
		{
			"rolling reference of too many windows", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      rolling: {windows: 367}\n",
			"hindcast.yaml:27:26: models[0].reference.rolling.windows: must be at most 366, got 367",
		},
		{
			"rolling reference of an unknown kind", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      rolling: {same: weekends}\n",
			`hindcast.yaml:27:23: models[0].reference.rolling.same: unknown value "weekends" (did you mean "weekend"?)`,
		},
		{
			"rolling reference by the hour of days", "      url: s3://training/house-price/*.parquet\n", "      url: s3://training/house-price/*.parquet\n      rolling: {same: hour_of_day}\n",
			"hindcast.yaml:27:23: models[0].reference.rolling.same: hour_of_day serves windows shorter than 1d, and those of this model are 1d: each has all of them; leave the key out, or write none",
		},
		{
			"profile that is many", "      url: s3://training/house-price/*.parquet\n", "      profile: s3://b/*\n",
			"hindcast.yaml:26:16: models[0].reference.profile: must name one place: no wildcard or placeholder",
		},
		{
			"profile that is a folder", "      url: s3://training/house-price/*.parquet\n", "      profile: s3://b/p/\n",
			"hindcast.yaml:26:16: models[0].reference.profile: want the URL of a profile, or the word saved; this is a folder",
		},
		{
			"label that is the id", "label: sold_price", "label: request_id",
			`hindcast.yaml:21:40: models[0].ground_truth.columns.label: the column "request_id" is the id; it cannot be the label too`,
		},
		{
			"feature that is the id", "features: auto", "features: [size, request_id]",
			`hindcast.yaml:18:24: models[0].predictions.features[1]: the column "request_id" is the id; it cannot be a feature too`,
		},
	})
}
