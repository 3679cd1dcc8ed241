// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet replay FILE... --to kafka|http`: sends recorded streams to a running service or to Kafka.
void add_replay_command(CLI::App& app);

}  // namespace freshet::cli
