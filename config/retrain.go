package config

import "github.com/hindcast/hindcast/trigger"

// retrain reads the policy and the pipeline.
func (d *decoder) retrain(model *object, m *Model) {
	r := &m.Retrain
	*r = Retrain{
		Mode:     defaultMode,
		Cooldown: defaultCooldown,
		Budget:   Budget{Runs: defaultRuns, Per: defaultPer},
		Settle:   defaultSettle,
	}
	v, ok := model.get("retrain")
	if !ok {
		return
	}
	o := d.object(v)
	mode := string(r.Mode)
	can, later := modes()
	modeAt, _ := o.choice("mode", &mode, can, later)
	r.Mode = trigger.Mode(mode)
	o.duration("cooldown", &r.Cooldown)
	if bv, ok := o.get("budget"); ok {
		b := d.object(bv)
		b.count("runs", 1, mostRuns, &r.Budget.Runs)
		b.positive("per", &r.Budget.Per)
		b.done()
	}
	o.positive("settle", &r.Settle)
	if kv, ok := o.get("kubeflow"); ok {
		d.kubeflow(kv, m)
	}
	if r.Mode == trigger.ModeAuto && o.ok && !o.has("kubeflow") {
		d.fail(modeAt, "mode auto starts runs and needs retrain.kubeflow to say which; or choose suggest")
	}
	o.done()
}

// kubeflow reads which pipeline to run, and how.
func (d *decoder) kubeflow(v value, m *Model) {
	o := d.object(v)
	if !o.ok {
		return
	}
	k := &Kubeflow{Version: defaultVersion, Timeout: defaultTimeout}
	o.server("endpoint", &k.Endpoint)
	o.text("namespace", &k.Namespace)
	o.text("experiment", &k.Experiment)
	o.text("pipeline", &k.Pipeline)
	o.text("version", &k.Version)
	if pv, ok := o.get("parameters"); ok {
		k.Parameters = d.parameters(pv)
	}
	o.text("service_account", &k.ServiceAccount)
	o.text("pipeline_root", &k.PipelineRoot)
	o.server("ui_url", &k.UIURL)
	o.secret("token", m.baseDir, &k.Token)
	o.positive("timeout", &k.Timeout)
	o.need("endpoint", "pipeline")
	o.done()
	m.Retrain.Kubeflow = k
}
