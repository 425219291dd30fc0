#pragma once
// Inspection buffers of MQTT. A transaction is seen on the side of the packet that began it. Progress: 1 begun, 2 done.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace mqtt_progress {
inline constexpr std::uint8_t begun = 1, complete = 2;
}

inline constexpr std::array mqtt_buffers{
    BufferRow{Buffer::mqtt_connect_clientid, "mqtt.connect.clientid", Protocol::mqtt, BufferSide::both, 2, false,
              false},
    BufferRow{Buffer::mqtt_connect_flags, "mqtt.connect.flags", Protocol::mqtt, BufferSide::both, 2, false, false},
    BufferRow{Buffer::mqtt_connect_password, "mqtt.connect.password", Protocol::mqtt, BufferSide::both, 2, false,
              false},
    BufferRow{Buffer::mqtt_connect_protocol_string, "mqtt.connect.protocol_string", Protocol::mqtt, BufferSide::both, 2,
              false, false},
    BufferRow{Buffer::mqtt_connect_username, "mqtt.connect.username", Protocol::mqtt, BufferSide::both, 2, false,
              false},
    BufferRow{Buffer::mqtt_connect_willmessage, "mqtt.connect.willmessage", Protocol::mqtt, BufferSide::both, 2, false,
              false},
    BufferRow{Buffer::mqtt_connect_willtopic, "mqtt.connect.willtopic", Protocol::mqtt, BufferSide::both, 2, false,
              false},
    BufferRow{Buffer::mqtt_connack_session_present, "mqtt.connack.session_present", Protocol::mqtt, BufferSide::both, 2,
              true, false},
    BufferRow{Buffer::mqtt_flags, "mqtt.flags", Protocol::mqtt, BufferSide::both, 2, true, false},
    BufferRow{Buffer::mqtt_protocol_version, "mqtt.protocol_version", Protocol::mqtt, BufferSide::both, 1, false,
              false},
    BufferRow{Buffer::mqtt_publish_message, "mqtt.publish.message", Protocol::mqtt, BufferSide::both, 2, true, false},
    BufferRow{Buffer::mqtt_publish_topic, "mqtt.publish.topic", Protocol::mqtt, BufferSide::both, 2, true, false},
    BufferRow{Buffer::mqtt_qos, "mqtt.qos", Protocol::mqtt, BufferSide::both, 2, true, false},
    BufferRow{Buffer::mqtt_reason_code, "mqtt.reason_code", Protocol::mqtt, BufferSide::both, 2, true, false},
    BufferRow{Buffer::mqtt_subscribe_topic, "mqtt.subscribe.topic", Protocol::mqtt, BufferSide::both, 2, true, false},
    BufferRow{Buffer::mqtt_type, "mqtt.type", Protocol::mqtt, BufferSide::both, 2, true, false},
    BufferRow{Buffer::mqtt_unsubscribe_topic, "mqtt.unsubscribe.topic", Protocol::mqtt, BufferSide::both, 2, true,
              false},
};

}  // namespace tocsin::collectors
