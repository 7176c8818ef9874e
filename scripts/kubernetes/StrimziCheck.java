import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.strimzi.api.kafka.model.common.UnknownPropertyPreserving;
import io.strimzi.api.kafka.model.kafka.Kafka;
import io.strimzi.api.kafka.model.nodepool.KafkaNodePool;
import io.strimzi.api.kafka.model.topic.KafkaTopic;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Reads manifests on standard input, and those of Strimzi with Strimzi's own classes. Prints, as JSON, how many there were
 * and what is wrong: a field that they do not know, a value that they do not take or read as another.
 */
public final class StrimziCheck {
  private static final Map<String, Class<?>> KINDS =
      Map.of("Kafka", Kafka.class, "KafkaNodePool", KafkaNodePool.class, "KafkaTopic", KafkaTopic.class);

  private final YAMLMapper yaml = new YAMLMapper();
  private final List<String> faults = new ArrayList<>();

  public static void main(String[] args) throws Exception {
    StrimziCheck check = new StrimziCheck();
    int checked = 0;
    JsonNode[] manifests;
    try (var values = check.yaml.readerFor(JsonNode.class).<JsonNode>readValues(System.in)) {
      manifests = values.readAll().toArray(new JsonNode[0]);
    }
    for (JsonNode manifest : manifests) {
      if (!manifest.path("apiVersion").asText().startsWith("kafka.strimzi.io/")) continue;
      check.read(manifest);
      checked += 1;
    }
    System.out.println(new ObjectMapper().writeValueAsString(Map.of("checked", checked, "faults", check.faults)));
  }

  private void read(JsonNode manifest) throws Exception {
    String kind = manifest.path("kind").asText();
    String name = kind + "/" + manifest.path("metadata").path("name").asText();
    Class<?> type = KINDS.get(kind);
    if (type == null || !manifest.path("apiVersion").asText().equals("kafka.strimzi.io/v1")) {
      faults.add(name + ": no such kind in " + manifest.path("apiVersion").asText());
      return;
    }
    // The version of the API is checked above: some classes give their own, whatever was written.
    ((ObjectNode) manifest).remove("apiVersion");
    try {
      Object resource = yaml.treeToValue(manifest, type);
      findUnknown(name, resource);
      compare(name, manifest, yaml.valueToTree(resource));
    } catch (Exception error) {
      faults.add(name + ": " + error.getMessage());
    }
  }

  /** Strimzi's classes keep what they do not know, apart. */
  private void findUnknown(String path, Object value) throws ReflectiveOperationException {
    if (value instanceof Collection<?> items) {
      for (Object item : items) findUnknown(path, item);
    } else if (value != null && value.getClass().getName().matches("io\\.(strimzi|fabric8)\\..*")) {
      Object unknown = Map.of();
      if (value instanceof UnknownPropertyPreserving preserving) unknown = preserving.getAdditionalProperties();
      else unknown = additionalProperties(value);
      if (unknown instanceof Map<?, ?> fields) {
        for (Object field : fields.keySet()) faults.add(path + "." + field + ": no such field");
      }
      if (value instanceof Enum<?>) return;
      for (Method method : value.getClass().getMethods()) {
        boolean isGetter = method.getName().startsWith("get") && method.getParameterCount() == 0 && !method.isBridge();
        if (!isGetter || method.getDeclaringClass() == Object.class || method.getName().equals("getAdditionalProperties")) {
          continue;
        }
        Class<?> returned = method.getReturnType();
        if (returned.getName().startsWith("io.") || Collection.class.isAssignableFrom(returned) || returned == Object.class) {
          String field = Character.toLowerCase(method.getName().charAt(3)) + method.getName().substring(4);
          findUnknown(path + "." + field, method.invoke(value));
        }
      }
    }
  }

  private static Object additionalProperties(Object value) throws ReflectiveOperationException {
    try {
      return value.getClass().getMethod("getAdditionalProperties").invoke(value);
    } catch (NoSuchMethodException none) {
      return Map.of();
    }
  }

  /** Everything that was written must still be there once it was read; false may be left out. */
  private void compare(String path, JsonNode written, JsonNode read) {
    if (written.isObject()) {
      written.properties().forEach(field -> compare(path + "." + field.getKey(), field.getValue(), read.path(field.getKey())));
    } else if (written.isArray()) {
      for (int index = 0; index < written.size(); index += 1) compare(path + "[" + index + "]", written.get(index), read.path(index));
    } else if (!written.asText().equals(read.asText()) && !(written.isBoolean() && !written.asBoolean() && read.isMissingNode())) {
      faults.add(path + ": \"" + written.asText() + "\" is read as \"" + read.asText() + "\"");
    }
  }
}
