// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  Metrics metrics;
  metrics.counter("freshet_test_events_total", "Events.", {{"result", "stored"}}).Increment();
  metrics.counter("freshet_test_events_total", "Events.", {{"result", "stored"}}).Increment();
  metrics.counter("freshet_test_events_total", "Events.", {{"result", "rejected"}}).Increment();
  const std::string text = metrics.render();
  EXPECT_NE(text.find("freshet_test_events_total{result=\"stored\"} 2"), std::string::npos) << text;
  EXPECT_NE(text.find("freshet_test_events_total{result=\"rejected\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("# HELP freshet_test_events_total Events."), std::string::npos) << text;
}

TEST(Metrics, AGaugeThatIsRemovedIsNotRendered) {
  Metrics metrics;
  auto& gauges = metrics.gauges("freshet_test_lag", "Lag.");
  Gauge& first = gauges.Add({{"partition", "0"}});
  gauges.Add({{"partition", "1"}}).Set(3);
  gauges.Remove(&first);
  EXPECT_EQ(metrics.render().find("partition=\"0\""), std::string::npos) << metrics.render();
  EXPECT_NE(metrics.render().find("freshet_test_lag{partition=\"1\"} 3"), std::string::npos) << metrics.render();
}

}  // namespace
}  // namespace freshet
