<#import "field.ftl" as field>
<#-- The question that goes with a code: at sign-ins to clients that take trusted devices, and nowhere else. -->
<#macro offer>
    <#if (client.attributes["customer.trusted-devices"]!"") == "true" && url.loginAction?contains("/login-actions/authenticate")>
        <@field.checkbox name="trustDevice" label=msg("customerTrustDevice") />
    </#if>
</#macro>
