// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>

#include "base/random.h"
#include "online/all_parts.h"
#include "online/model/model.h"
#include "online/parts/neural/attention_part.h"
#include "online/parts/neural/autoencoder_part.h"
#include "online/parts/neural/lstm_part.h"
#include "tests/support/every_part.h"
#include "tests/support/part_driver.h"
#include "tests/support/synthetic_stream.h"

// Every part learns the same from an event, whether or not the event is scored first.
namespace freshet::online {
namespace {

struct Watched {
  explicit Watched(const Options& options) {
    auto made = make_parts(options);
    for (const auto& part : made) parts.push_back(part.get());
    model = std::make_unique<Model>(options, std::move(made));
  }

  std::vector<const Part*> parts;  // of the model
  std::unique_ptr<Model> model;
};

TEST(Unscored, EveryPartLearnsTheSame) {
  Options options = testing::with_every_part(all_parts());
  options.max_items = 100;  // fewer than the stream has: numbers are recycled
  for (SequenceOptions* part : {static_cast<SequenceOptions*>(&options.part<LstmOptions>()),
                                static_cast<SequenceOptions*>(&options.part<AttentionOptions>()),
                                static_cast<SequenceOptions*>(&options.part<AutoencoderOptions>())}) {
    part->dimension = 16;
    part->batch_examples = part->replay_per_batch = 16;
    part->negatives = 32;
  }
  Random random(testing::test_seed(305));
  for (const double share : {0.0, 0.3}) {
    Watched all(options), some(options);
    for (Event event : testing::synthetic_stream(random.next(), {.events = 1500, .items = 130})) {
      if (random.uniform() < 0.003) event.kind = EventKind::erase;
      const bool scores = random.uniform() < share;
      const bool scored = all.model->learn(event).scored;
      EXPECT_EQ(some.model->learn(event, scores ? Model::Scores::all : Model::Scores::none).scored, scored && scores);
    }
    for (std::size_t part = 0; part < all.parts.size(); ++part) {
      EXPECT_TRUE(testing::saved(*some.parts[part]) == testing::saved(*all.parts[part])) << options.parts[part];
    }
    const double all_scored = all.model->quality(0).events, some_scored = some.model->quality(0).events;
    EXPECT_NEAR(some_scored / all_scored, share, 0.06);
  }
}

}  // namespace
}  // namespace freshet::online
