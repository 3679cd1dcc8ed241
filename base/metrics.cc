// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>

#include "base/check.h"

namespace freshet {

struct Metrics::Impl {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
};

namespace {

prometheus::Labels to_labels(const Metrics::Labels& labels) { return prometheus::Labels(labels.begin(), labels.end()); }

}  // namespace

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(to_labels(labels));
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return gauges(name, help).Add(to_labels(labels));
}

prometheus::Family<Gauge>& Metrics::gauges(const std::string& name, const std::string& help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                              const Labels& labels) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry).Add(to_labels(labels), bounds);
}

const std::vector<double>& Metrics::latency_bounds() {
  static const std::vector<double> bounds{50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3,
                                          20e-3, 50e-3,  0.1,    0.2,    0.5,  1,    2,    5};
  return bounds;
}

std::string Metrics::render() const { return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect()); }

}  // namespace freshet
