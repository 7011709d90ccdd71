{
  port: 8125,
  mgmt_port: 8126,
  flushInterval: 2000,
  backends: []
}
