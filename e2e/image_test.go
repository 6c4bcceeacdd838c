//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestImage builds the image from the repository's Dockerfile and runs it as a cluster
// would: not as root, on a read-only root file system.
//
// The build stage of the Dockerfile starts from an image of a registry, which the tests
// do without: its `go build` is run here, with its own flags, and stands in for the
// stage. The last stage, the one that ships, is built by buildah as it is written.
func TestImage(t *testing.T) {
	t.Parallel()
	e := setup(t)
	stage := filepath.Join(t.TempDir(), "stage")
	e.buildStage(t, stage)
	image, archive, entrypoint := e.buildImage(t, stage)
	must(t, "ctr", "-a", e.Containerd, "image", "import", "--snapshotter", "native", archive)
	t.Cleanup(func() { _ = exec.Command("ctr", "-a", e.Containerd, "image", "rm", image).Run() })

	out, code := e.container(t, image, nil, entrypoint, "version")
	if code != 0 || !strings.Contains(out, "hindcast") {
		t.Errorf("version: status %d\n%s", code, out)
	}

	s := newScenario(t, worseNoise, nil)
	out, code = e.container(t, image, []string{s.dir}, entrypoint, "run", "-c", filepath.Join(s.dir, "hindcast.yaml"), "--detailed-exitcode", "-q")
	if code != 11 { // a run was started
		t.Fatalf("run: status %d, want 11\n%s", code, out)
	}
	run := s.oneRun(t)
	if !strings.Contains(out, run.ID) || !strings.Contains(out, "BREACHED") {
		t.Errorf("the output doesn't say what happened:\n%s", out)
	}
	s.sample(t, fmt.Sprintf(`hindcast_last_run_success{model=%q} == 1`, s.Model))
	if s.told(s.Model, run.ID) == 0 {
		t.Errorf("the run isn't told: %+v", s.slack.Calls())
	}

	// Time zones come with the binary, and a configuration at fault has its own status.
	config, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, s.config, strings.Replace(string(config), "    task: regression\n", "    task: regression\n    schedule: '0 3 * * *'\n    time_zone: Asia/Kathmandu\n", 1))
	if out, code := e.container(t, image, []string{s.dir}, entrypoint, "check", "-c", s.config); code != 0 {
		t.Errorf("check: status %d\n%s", code, out)
	}
	writeFile(t, s.config, strings.Replace(string(config), "segments:", "segmentz:", 1))
	if out, code := e.container(t, image, []string{s.dir}, entrypoint, "check", "-c", s.config); code != 3 || !strings.Contains(out, "segments") {
		t.Errorf("check of an unknown key: status %d, want 3\n%s", code, out)
	}
}

// buildStage does what the Dockerfile's build stage does and leaves its output, at the
// paths that the last stage copies from, in the folder.
func (e env) buildStage(t *testing.T, folder string) {
	t.Helper()
	file, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(file), "\\\n", " ")
	stages := regexp.MustCompile(`(?m)^FROM `).Split(text, -1)
	if last := stages[len(stages)-1]; !strings.HasPrefix(last, "scratch") {
		t.Fatalf("the last stage isn't FROM scratch: %s", last)
	}
	command := ""
	environment := os.Environ()
	for line := range strings.Lines(strings.Join(stages[:len(stages)-1], "\n")) {
		line = strings.TrimSpace(line)
		switch word, rest, _ := strings.Cut(line, " "); {
		case word == "ENV":
			environment = append(environment, strings.Fields(rest)...)
		case word == "ARG" && strings.Contains(rest, "="):
			environment = append(environment, rest)
		case word == "RUN" && strings.Contains(rest, "go build"):
			command = regexp.MustCompile(`--mount=\S+`).ReplaceAllString(rest, "")
		}
	}
	out := regexp.MustCompile(`-o\s+(/\S+)`).FindStringSubmatch(command)
	if out == nil {
		t.Fatalf("no RUN of the build stage has go build -o /PATH:\n%s", text)
	}
	target := filepath.Join(folder, out[1])
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(command, out[1], target, 1))
	cmd.Dir, cmd.Env = "..", environment
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, b)
	}
}

// buildImage builds the Dockerfile's last stage on that folder as the build stage, and
// returns the image's name, an archive with it, and its entry point.
func (e env) buildImage(t *testing.T, stage string) (image, archive, entrypoint string) {
	t.Helper()
	dir := t.TempDir()
	image = "localhost/hindcast:" + unique(t, "e2e")
	archive = filepath.Join(dir, "image.tar")
	buildah := []string{"--root", filepath.Join(dir, "storage"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs"}
	must(t, "buildah", append(slices.Clip(buildah), "bud", "--isolation", "chroot", "--build-context", "build="+stage, "-t", image, "-f", "../Dockerfile", "..")...)
	// ctr doesn't put a command behind the image's entry point.
	entrypoint = strings.TrimSpace(must(t, "buildah", append(slices.Clip(buildah), "inspect", "--type", "image", "--format", "{{index .OCIv1.Config.Entrypoint 0}}", image)...))
	must(t, "buildah", append(slices.Clip(buildah), "push", image, "docker-archive:"+archive+":"+image)...)
	return image, archive, entrypoint
}

// container runs the image on the host's network with a read-only root, as the user that
// the image names, with the folders mounted at their own paths.
func (e env) container(t *testing.T, image string, folders []string, args ...string) (output string, code int) {
	t.Helper()
	id := unique(t, "hindcast")
	ctr := func(args ...string) []string { return append([]string{"-a", e.Containerd}, args...) }
	create := ctr("container", "create", "--snapshotter", "native", "--net-host", "--read-only",
		"--env", "AWS_ACCESS_KEY_ID="+os.Getenv("AWS_ACCESS_KEY_ID"), "--env", "AWS_SECRET_ACCESS_KEY="+os.Getenv("AWS_SECRET_ACCESS_KEY"),
		"--mount", "type=tmpfs,src=tmpfs,dst=/tmp,options=mode=1777:rw")
	for _, folder := range folders {
		allowOthers(t, folder)
		create = append(create, "--mount", "type=bind,src="+folder+",dst="+folder+",options=rbind:ro")
	}
	must(t, "ctr", append(append(create, "--", image, id), args...)...) // else ctr takes -c for its own
	t.Cleanup(func() { _ = exec.Command("ctr", ctr("container", "rm", id)...).Run() })
	var info struct {
		Spec struct {
			Process struct {
				User struct {
					UID int `json:"uid"`
				} `json:"user"`
			} `json:"process"`
			Root struct {
				ReadOnly bool `json:"readonly"`
			} `json:"root"`
		} `json:"Spec"`
	}
	if err := json.Unmarshal([]byte(must(t, "ctr", ctr("container", "info", id)...)), &info); err != nil {
		t.Fatal(err)
	}
	if info.Spec.Process.User.UID == 0 || !info.Spec.Root.ReadOnly {
		t.Errorf("user %d, read-only root %t", info.Spec.Process.User.UID, info.Spec.Root.ReadOnly)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ctr", ctr("task", "start", id)...)
	b, err := cmd.CombinedOutput()
	t.Logf("%s: %v\n%s", strings.Join(args, " "), err, b)
	return string(b), cmd.ProcessState.ExitCode()
}

// allowOthers lets the container's user read a folder of a test, and nothing else.
func allowOthers(t *testing.T, folder string) {
	t.Helper()
	for dir := folder; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// must runs a command that has to succeed and returns its output.
func must(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
