/** Says who runs it: the smallest application that shows what a droplet runs with. */
public final class Greeter {
    private Greeter() {}

    public static void main(String[] arguments) {
        String name = arguments.length > 0 ? arguments[0] : "world";
        System.out.println("Hello, " + name + "!");
        System.out.println("java.home " + System.getProperty("java.home"));
        System.out.println("greeting " + System.getProperty("greeting", "none"));
        System.out.println("heap " + (Runtime.getRuntime().maxMemory() >> 20) + "M");
    }
}
