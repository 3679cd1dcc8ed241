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

}  // namespace
}  // namespace freshet
