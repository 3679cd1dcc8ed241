// SPDX-License-Identifier: Apache-2.0
#include "online/model/learner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "online/model/learner_checkpoint.h"
#include "tests/support/fake_clock.h"
#include "tests/support/light_parts.h"
#include "tests/support/part_driver.h"
#include "tests/support/scripted_reader.h"
#include "tests/support/synthetic_stream.h"
#include "tests/support/temp_directory.h"

namespace freshet::online {
namespace {

using testing::FakeClock;
using testing::ScriptedReader;

struct LearnerTest : ::testing::Test {
  LearnerTest() { options.max_items = 1000; }

  std::unique_ptr<Model> make_model() const { return std::make_unique<Model>(options, make_parts(options)); }

  // Restores a learner, lets it learn what `reader` has, and stops it; then calls `then` with it.
  void run(ScriptedReader& reader, const std::function<void(Learner&)>& then = [](Learner&) {}) {
    store::CheckpointStore checkpoints(directory + "/checkpoints", options.keep_checkpoints);
    Learner learner(reader, checkpoints, [this] { return make_model(); }, options, clock, metrics);
    learner.on_checkpoint(
        [this](const Positions& positions) { safe.push_back(positions.empty() ? 0 : positions.at(0)); });
    learner.restore();
    std::stop_source stop;
    reader.at_end = [&stop] { stop.request_stop(); };
    learner.run(stop.get_token());
    then(learner);
  }

  std::string newest_checkpoint() const {
    const store::CheckpointStore checkpoints(directory + "/checkpoints", options.keep_checkpoints);
    std::string newest;
    checkpoints.read_newest([&newest](std::string_view bytes) -> Result<void> {
      newest = bytes;
      return {};
    });
    return newest;
  }

  std::filesystem::path newest_file() const {
    const store::CheckpointStore checkpoints(directory + "/checkpoints", options.keep_checkpoints);
    return std::filesystem::path(directory) / "checkpoints" / checkpoints.list().front();
  }

  const testing::TempDirectory temp;
  const std::string directory = temp.path();
  Options options = testing::counting_options();
  FakeClock clock{testing::at_seconds(0)};
  Metrics metrics;
  std::vector<std::int64_t> safe;
  const std::vector<Event> events = testing::synthetic_stream(3, {.events = 800});
};

TEST_F(LearnerTest, LearnsTheLogPublishesAndCheckpoints) {
  ScriptedReader reader(events);
  run(reader, [this](Learner& learner) {
    const LearnerStatus status = learner.status();
    EXPECT_EQ(status.events_learned, events.size());
    EXPECT_EQ(status.events_published, events.size());
    EXPECT_EQ(status.positions.at(0), 800);
    EXPECT_EQ(status.lag_events, 0);
    EXPECT_EQ(status.problem, "");
    EXPECT_EQ(status.items, learner.vocabulary().size());
    EXPECT_EQ(status.quality.back().first, "blend");
    EXPECT_GT(status.quality.back().second.hit_rate, 0.5);
    EXPECT_EQ(status.blender_influence.size() + 1, status.quality.size());
    double best = 0;
    for (std::size_t part = 0; part + 1 < status.quality.size(); ++part) {
      best = std::max(best, status.quality[part].second.recent_mrr);
    }
    EXPECT_DOUBLE_EQ(status.blend_advantage, status.quality.back().second.recent_mrr - best);
    EXPECT_FALSE(status.memory_bytes.empty());
    EXPECT_EQ(learner.snapshot()->stream_time, status.stream_time);
  });
  const std::string text = metrics.render();
  for (const char* name : {"\nfreshet_learner_blend_advantage ", "\nfreshet_learner_scored_events ",
                           "\nfreshet_learner_blender_influence{part=\"covisitation\"} "}) {
    const std::size_t at = text.find(name);
    ASSERT_NE(at, std::string::npos) << name << text;
    EXPECT_NE(std::stod(text.substr(at + std::strlen(name))), 0) << name;
  }
  EXPECT_NE(text.find("freshet_learner_events_total 800"), std::string::npos) << text;
  EXPECT_NE(text.find("freshet_learner_checkpoints_total{result=\"ok\"} 1"), std::string::npos) << text;
}

// How many events of each half of the log were scored.
struct Halves {
  double first, second;
};

TEST_F(LearnerTest, ScoresAShareWhileItIsFarBehindAndLearnsEverything) {
  options.score_all_within = std::chrono::minutes(1);  // longer than both halves take on any machine
  // During the first half, the log has `unread` more events; during the second, none.
  const auto scored = [this](std::size_t unread, double least) {
    options.least_scored = least;
    ScriptedReader reader(events);
    reader.unread = unread;
    reader.stop_before = events.size() / 2;
    store::CheckpointStore checkpoints(directory + "/checkpoints", options.keep_checkpoints);
    Learner learner(reader, checkpoints, [this] { return make_model(); }, options, clock, metrics);
    learner.restore();
    std::vector<double> by_then{0};
    std::stop_source stop;
    reader.at_end = [&] {
      clock.advance(options.publish_interval);
      if (learner.status().events_published < std::min(reader.stop_before, events.size())) return;
      by_then.push_back(learner.status().quality.back().second.events);
      if (by_then.size() == 3) stop.request_stop();
      reader.stop_before = events.size();
      reader.unread = 0;
    };
    learner.run(stop.get_token());
    EXPECT_EQ(learner.status().events_learned, events.size());
    std::filesystem::remove_all(directory + "/checkpoints");
    return Halves{by_then[1], by_then[2] - by_then[1]};
  };
  constexpr std::size_t kFar = std::size_t{1} << 60;
  const Halves all = scored(0, 0.25);
  EXPECT_NE(metrics.render().find("freshet_learner_unscored_events_total 0\n"), std::string::npos);
  const Halves behind = scored(kFar, 0.25);
  EXPECT_LT(behind.first, 0.4 * all.first);
  EXPECT_GT(behind.first, 0.2 * all.first);
  EXPECT_EQ(behind.second, all.second);
  const Halves always = scored(kFar, 1);
  EXPECT_EQ(always.first, all.first);
  EXPECT_EQ(always.second, all.second);
}

TEST_F(LearnerTest, ARestartEqualsNeverHavingStopped) {
  options.least_scored = 1;
  {
    ScriptedReader reader(events);
    run(reader);
  }
  const std::string whole = newest_checkpoint();
  std::filesystem::remove_all(directory + "/checkpoints");
  for (const std::size_t until : {100U, 101U, 555U, 800U}) {
    ScriptedReader reader(events, 1 + until % 7);
    reader.stop_before = until;
    run(reader);
  }
  EXPECT_TRUE(newest_checkpoint() == whole);
}

TEST_F(LearnerTest, GoesOnInALogThatBeganAnewFromWhereItIsInThat) {
  const auto learn = [this](std::size_t from, std::size_t to) {
    ScriptedReader reader(
        {events.begin() + static_cast<std::ptrdiff_t>(from), events.begin() + static_cast<std::ptrdiff_t>(to)});
    std::pair<std::uint64_t, std::int64_t> learned_and_position;
    run(reader, [&](Learner& learner) {
      learned_and_position = {learner.status().events_learned, learner.status().positions.at(0)};
    });
    return learned_and_position;
  };
  EXPECT_EQ(learn(0, 500), std::pair(500UL, 500L));
  EXPECT_EQ(learn(500, 600), std::pair(600UL, 100L)) << "a topic of 100 records";
  EXPECT_EQ(learn(500, 800), std::pair(800UL, 300L)) << "of which it has learned 100";
}

TEST_F(LearnerTest, ASnapshotIsNeverTakenApartByTheRequestThatHeldItLast) {
  for (const bool is_held : {false, true}) {
    ScriptedReader reader(events);
    std::weak_ptr<const Snapshot> first;
    std::shared_ptr<const Snapshot> request;
    store::CheckpointStore checkpoints(directory + "/" + std::to_string(is_held), options.keep_checkpoints);
    Learner learner(reader, checkpoints, [this] { return make_model(); }, options, clock, metrics);
    learner.restore();
    first = learner.snapshot();
    if (is_held) request = first.lock();
    std::stop_source stop;
    reader.at_end = [&stop] { stop.request_stop(); };
    learner.run(stop.get_token());  // publishes a newer snapshot
    EXPECT_EQ(first.expired(), !is_held);
    request.reset();
    EXPECT_EQ(first.expired(), !is_held) << "the learner is to take it apart";
  }
}

TEST_F(LearnerTest, AClockThatIsSetBackHoldsUpNeitherSnapshotsNorCheckpoints) {
  ScriptedReader reader(events);
  store::CheckpointStore checkpoints(directory + "/checkpoints", options.keep_checkpoints);
  Learner learner(reader, checkpoints, [this] { return make_model(); }, options, clock, metrics);
  learner.restore();
  std::stop_source stop;
  reader.at_end = [&] {
    if (learner.status().events_published == 0) {
      EXPECT_TRUE(checkpoints.list().empty()) << "the clock stands still: nothing is due";
      clock.advance(-std::chrono::hours(1));
    } else {
      EXPECT_EQ(learner.status().events_published, events.size());
      EXPECT_EQ(checkpoints.list().size(), 1U);
      stop.request_stop();
    }
  };
  learner.run(stop.get_token());
}

TEST_F(LearnerTest, GoesBackToThePreviousCheckpointWhenTheNewestIsTruncated) {
  for (const std::size_t until : {400U, 600U}) {
    ScriptedReader reader(events);
    reader.stop_before = until;
    run(reader);
  }
  std::filesystem::resize_file(newest_file(), std::filesystem::file_size(newest_file()) / 2);
  ScriptedReader reader(events);
  reader.stop_before = 0;
  run(reader, [](Learner& learner) { EXPECT_EQ(learner.status().positions.at(0), 400); });
}

TEST_F(LearnerTest, NamesPositionsThatNoRestartGoesBackBehind) {
  for (const std::size_t until : {300U, 400U, 600U}) {
    ScriptedReader reader(events);
    reader.stop_before = until;
    run(reader);
  }
  // The second start has no checkpoint before the one that it restores; the third commits that one's, then the next.
  EXPECT_EQ(safe, (std::vector<std::int64_t>{0, 300, 300, 400}));
}

TEST_F(LearnerTest, AFullLogDoesNotWaitForTheFirstCheckpointAfterAStart) {
  for (const std::size_t until : {300U, 400U}) {
    ScriptedReader reader(events);
    reader.stop_before = until;
    run(reader);
  }
  safe.clear();
  ScriptedReader reader(events);
  reader.stop_before = 0;
  reader.failures = 1;
  run(reader, [this](Learner&) { EXPECT_EQ(safe, (std::vector<std::int64_t>{300})) << "nothing was learned"; });

  options.keep_checkpoints = 1;
  safe.clear();
  ScriptedReader again(events);
  again.stop_before = 0;
  run(again, [this](Learner&) { EXPECT_EQ(safe, (std::vector<std::int64_t>{400})) << "it is the only one"; });
}

TEST_F(LearnerTest, WhatTheLogBeforeHadIsNotCommittedAfterAStart) {
  for (const std::size_t until : {300U, 400U}) {
    ScriptedReader reader(events);
    reader.stop_before = until;
    run(reader);
  }
  safe.clear();
  ScriptedReader recreated(std::vector<Event>(events.begin(), events.begin() + 350));
  recreated.stop_before = 0;
  run(recreated, [this](Learner&) { EXPECT_EQ(safe, (std::vector<std::int64_t>{0})) << "by its own checkpoint"; });
}

TEST_F(LearnerTest, StartsAfreshWhenTheOptionsHaveChanged) {
  {
    ScriptedReader reader(events);
    run(reader);
  }
  options.part<SessionKnnOptions>().max_sessions = 77;
  ScriptedReader reader(events);
  run(reader, [this](Learner& learner) { EXPECT_EQ(learner.status().events_learned, events.size()); });
}

TEST_F(LearnerTest, WritesNoCheckpointWhenNothingWasLearned) {
  {
    ScriptedReader reader(events);
    run(reader);
  }
  const auto before = newest_file();
  ScriptedReader reader(events);
  run(reader);
  EXPECT_EQ(newest_file(), before);
}

TEST_F(LearnerTest, ServesASnapshotBeforeAnythingWasLearned) {
  ScriptedReader reader({});
  run(reader, [](Learner& learner) {
    ASSERT_NE(learner.snapshot(), nullptr);
    EXPECT_EQ(learner.vocabulary().size(), 0U);
  });
}

TEST_F(LearnerTest, SleepsOnlyWhenItHasCaughtUp) {
  ScriptedReader reader(events);
  reader.unread = 10'000;
  reader.stop_before = 400;
  std::chrono::milliseconds while_behind{-1};
  int polls = 0;
  store::CheckpointStore checkpoints(directory + "/checkpoints", options.keep_checkpoints);
  Learner learner(reader, checkpoints, [this] { return make_model(); }, options, clock, metrics);
  learner.restore();
  std::stop_source stop;
  reader.at_end = [&] {
    if (++polls == 1) {
      while_behind = clock.slept();
      reader.unread = 0;
      reader.stop_before = events.size();
    } else if (polls == 5) {
      stop.request_stop();
    }
  };
  learner.run(stop.get_token());
  EXPECT_EQ(while_behind, std::chrono::milliseconds(0));
  EXPECT_GT(clock.slept(), std::chrono::milliseconds(0));
  EXPECT_EQ(learner.status().events_learned, events.size());
}

TEST_F(LearnerTest, KeepsTryingWhenTheLogIsAway) {
  ScriptedReader reader(events);
  reader.failures = 2;
  run(reader, [this](Learner& learner) {
    EXPECT_EQ(learner.status().problem, "");
    EXPECT_EQ(learner.status().events_learned, events.size());
  });
  EXPECT_GE(clock.slept(), 2 * std::chrono::milliseconds(200)) << "a pause before each retry";
}

TEST_F(LearnerTest, ShowsThatACheckpointCannotBeWritten) {
  ScriptedReader reader(events);
  store::CheckpointStore checkpoints(directory + "/checkpoints", 2);
  Learner learner(reader, checkpoints, [this] { return make_model(); }, options, clock, metrics);
  learner.restore();
  std::filesystem::remove_all(directory + "/checkpoints");
  std::ofstream(directory + "/checkpoints") << "in the way";
  std::stop_source stop;
  reader.at_end = [&stop] { stop.request_stop(); };
  learner.run(stop.get_token());
  EXPECT_TRUE(learner.status().problem.starts_with("checkpoint: ")) << learner.status().problem;
  EXPECT_EQ(learner.status().events_learned, events.size());
}

TEST_F(LearnerTest, WritesACheckpointWheneverTheIntervalIsOver) {
  ScriptedReader reader(events);
  reader.stop_before = 400;
  store::CheckpointStore checkpoints(directory + "/checkpoints", 5);
  Learner learner(reader, checkpoints, [this] { return make_model(); }, options, clock, metrics);
  learner.restore();
  std::stop_source stop;
  std::size_t written_before_stop = 0;
  reader.at_end = [&] {
    if (reader.stop_before == 400) {
      clock.advance(options.checkpoint_interval);
      reader.stop_before = 500;
      return;
    }
    written_before_stop = checkpoints.list().size();
    stop.request_stop();
  };
  learner.run(stop.get_token());
  EXPECT_EQ(written_before_stop, 1U);
  EXPECT_EQ(checkpoints.list().size(), 2U);
}

TEST_F(LearnerTest, CommitsTheEndOfALogThatDoesNotGrowAndThenRests) {
  options.keep_checkpoints = 3;
  ScriptedReader reader(events);
  store::CheckpointStore checkpoints(directory + "/checkpoints", 9);
  Learner learner(reader, checkpoints, [this] { return make_model(); }, options, clock, metrics);
  learner.on_checkpoint(
      [this](const Positions& positions) { safe.push_back(positions.empty() ? 0 : positions.at(0)); });
  learner.restore();
  std::stop_source stop;
  int polls = 0;
  reader.at_end = [&] {
    clock.advance(options.checkpoint_interval);
    if (++polls == 20) stop.request_stop();
  };
  learner.run(stop.get_token());
  EXPECT_EQ(safe, (std::vector<std::int64_t>{0, 800})) << "a full log waits for the second";
}

TEST_F(LearnerTest, AfterTheLogWasRecreatedNoPositionOfTheOldOneIsCommitted) {
  options.keep_checkpoints = 2;
  ScriptedReader old(events);
  run(old);
  const std::vector<Event> stream(events.begin(), events.begin() + 50);
  ScriptedReader recreated(stream);
  run(recreated, [](Learner& learner) { EXPECT_EQ(learner.status().positions.at(0), 50); });
  EXPECT_EQ(safe.back(), 0) << "the checkpoint before has no position in it";
  ScriptedReader again(stream);
  run(again, [&](Learner& learner) {
    EXPECT_EQ(learner.status().events_learned, events.size() + stream.size()) << "learned once";
  });
  EXPECT_EQ(safe.size(), 2U) << "and a start does not commit that of the old one";
}

TEST_F(LearnerTest, ALogThatWasRecreatedMayBeLongerThanTheOldOneWhenItIsRead) {
  options.keep_checkpoints = 2;
  ScriptedReader old(std::vector<Event>(events.begin(), events.begin() + 10));
  run(old);
  const std::vector<Event> stream(events.begin(), events.begin() + 50);
  ScriptedReader recreated(stream, 50);
  recreated.recreated = true;
  run(recreated, [](Learner& learner) { EXPECT_EQ(learner.status().positions.at(0), 50); });
  EXPECT_EQ(safe.back(), 0) << "the checkpoint before has no position in it";
}

TEST_F(LearnerTest, ALogThatWasRecreatedAndIsStillEmptyIsNotBehindThePositionOfTheOldOne) {
  ScriptedReader old(events);
  run(old);
  ScriptedReader recreated({});
  run(recreated, [](Learner& learner) { EXPECT_EQ(learner.status().positions.at(0), 0); });
  const std::vector<Event> stream(events.begin(), events.begin() + 50);
  for (int start = 0; start < 2; ++start) {
    ScriptedReader grown(stream);
    run(grown, [&](Learner& learner) {
      EXPECT_EQ(learner.status().events_learned, events.size() + stream.size()) << "learned once";
    });
  }
}

TEST_F(LearnerTest, WritesCheckpointsUntilNoneIsOlderThanAnErasure) {
  options.keep_checkpoints = 3;
  std::vector<Event> stream(events.begin(), events.begin() + 100);
  Event erasure;
  erasure.kind = EventKind::erase;
  erasure.user = stream.front().user.empty() ? "somebody" : stream.front().user;
  stream.push_back(erasure);
  ScriptedReader reader(stream);
  store::CheckpointStore checkpoints(directory + "/checkpoints", options.keep_checkpoints);
  ASSERT_TRUE(checkpoints.write("of before the erasure"));
  Learner learner(reader, checkpoints, [this] { return make_model(); }, options, clock, metrics);
  learner.restore();
  std::stop_source stop;
  int polls = 0;
  reader.at_end = [&] {
    clock.advance(options.checkpoint_interval);
    if (++polls == 20) stop.request_stop();
  };
  learner.run(stop.get_token());
  const auto names = checkpoints.list();
  ASSERT_EQ(names.size(), 3U);
  EXPECT_EQ(names.front(), "checkpoint-00000000000000000004") << "three, though only the first had news";
  EXPECT_EQ(names.back(), "checkpoint-00000000000000000002");
}

}  // namespace
}  // namespace freshet::online
