// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace freshet {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

/// The metrics of the process, named freshet_<module>_<what>_<unit>[_total]. Names are API, listed in docs/metrics.md.
/// Threads: all methods, and all methods of the metrics, may be called concurrently.
/// Owns:    every metric; references are valid for the lifetime of this object, or until Remove().
/// Errors:  registering one name with two types or two help texts is a bug.
class Metrics {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The same name and labels return the same metric.
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  /// Gauges of one name that come and go, with Add() and Remove().
  prometheus::Family<Gauge>& gauges(const std::string& name, const std::string& help);
  Histogram& histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                       const Labels& labels = {});

  /// Bucket bounds in seconds, from 50 us to 5 s.
  static const std::vector<double>& latency_bounds();

  /// The Prometheus text exposition format.
  std::string render() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet
