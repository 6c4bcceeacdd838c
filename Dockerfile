# The image holds the program and nothing else: no shell, no libraries, no files of
# time zones or certificates, which are inside the binary (time/tzdata and
# golang.org/x/crypto/x509roots/fallback/bundle, imported by cmd/hindcast).
#
# The stage `build` may be replaced: what the last stage takes from it is the one file
# /out/hindcast. The end-to-end tests, which reach no registry, run the go build below
# on the host and pass the folder with its output (--build-context build=FOLDER); the
# last stage, which is what ships, is then the one that they run.

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
ENV CGO_ENABLED=0
# Modules first: they change less often than the code.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
ARG TARGETOS
ARG TARGETARCH
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -tags disable_grpc_modules -ldflags "-s -w -X main.version=$VERSION" -o /out/hindcast ./cmd/hindcast

FROM scratch
LABEL org.opencontainers.image.title="hindcast" \
      org.opencontainers.image.description="Scores logged predictions against late ground truth and starts retraining when it should" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/hindcast /hindcast
# A number, so that runAsNonRoot can be checked without a passwd file.
USER 65532:65532
ENTRYPOINT ["/hindcast"]
