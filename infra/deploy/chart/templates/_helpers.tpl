{{- define "refold.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "refold.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "refold.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "refold.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "refold.selector" -}}
app.kubernetes.io/name: {{ include "refold.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "refold.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{ include "refold.selector" . }}
{{- end }}

{{- define "refold.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "refold.workerImage" -}}
{{ .Values.worker.image.repository | default .Values.image.repository }}:{{ .Values.worker.image.tag | default .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "refold.log" -}}
kafka://{{ join "," .Values.kafka.bootstrapServers }}/{{ .Values.kafka.prefix }}
{{- end }}

{{- define "refold.isSasl" -}}
{{- if hasPrefix "SASL" .Values.kafka.security }}yes{{ end }}
{{- end }}

{{- define "refold.isTls" -}}
{{- if and (hasSuffix "SSL" .Values.kafka.security) .Values.kafka.tls.existingSecret }}yes{{ end }}
{{- end }}

{{/* The names that engines are asked by: those of the services, of the ingress, and what was given. */}}
{{- define "refold.hosts" -}}
{{- $names := list }}
{{- range $end := list "" (printf ".%s" .Release.Namespace) (printf ".%s.svc" .Release.Namespace) (printf ".%s.svc.cluster.local" .Release.Namespace) }}
{{- $names = concat $names (list (printf "%s%s" (include "refold.fullname" $) $end) (printf "*.%s-engines%s" (include "refold.fullname" $) $end)) }}
{{- end }}
{{- if .Values.ingress.enabled }}
{{- $names = concat $names .Values.ingress.hosts }}
{{- end }}
{{- concat $names .Values.engine.hosts | uniq | join "," }}
{{- end }}

{{/* How every process is let into the cluster. */}}
{{- define "refold.kafkaEnv" -}}
- name: REFOLD_KAFKA_SECURITY
  value: {{ .Values.kafka.security }}
{{- if include "refold.isSasl" . }}
{{- $secret := required "kafka.sasl.existingSecret: name a Secret with name and password" .Values.kafka.sasl.existingSecret }}
- name: REFOLD_KAFKA_MECHANISM
  value: {{ .Values.kafka.mechanism }}
- name: REFOLD_KAFKA_USERNAME
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ .Values.kafka.sasl.usernameKey }}}}
- name: REFOLD_KAFKA_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ .Values.kafka.sasl.passwordKey }}}}
{{- end }}
{{- if include "refold.isTls" . }}
{{- with .Values.kafka.tls }}
- name: REFOLD_KAFKA_CA_FILE
  value: /etc/refold/kafka/{{ .caKey }}
{{- if .certKey }}
- name: REFOLD_KAFKA_CERT_FILE
  value: /etc/refold/kafka/{{ .certKey }}
- name: REFOLD_KAFKA_KEY_FILE
  value: /etc/refold/kafka/{{ required "kafka.tls.keyKey: the key of kafka.tls.certKey" .keyKey }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "refold.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if include "refold.isTls" . }}
- {name: kafka-tls, mountPath: /etc/refold/kafka, readOnly: true}
{{- end }}
{{- end }}

{{- define "refold.volumes" -}}
- name: tmp
  emptyDir: {}
{{- if include "refold.isTls" . }}
- name: kafka-tls
  secret: {secretName: {{ .Values.kafka.tls.existingSecret }}}
{{- end }}
{{- end }}

{{/* What holds for every pod. A Service called refold would make the variable REFOLD_PORT: no service links. */}}
{{- define "refold.pod" -}}
enableServiceLinks: false
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "refold.container" -}}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "refold.placing" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
